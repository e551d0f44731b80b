// What Octokit does to propose a change, with nothing but a base URL; prints what came of each step.
import { Octokit } from "octokit";

const url = process.env.DOORLESS_URL;
const told = await (await fetch(`${url}/.doorless/self`)).json();
const branch = told.services[0].git.push.namespace.slice("refs/heads/".length) + "octokit";
const { rest, paginate } = new Octokit({
  baseUrl: `${url}/code-repository`,
  log: { debug() {}, info() {}, warn() {}, error() {} },
});
const repository = { owner: "acme", repo: "shop" };
const content = (text) => Buffer.from(text).toString("base64");
const main = (await rest.git.getRef({ ...repository, ref: "heads/main" })).data.object.sha;
let head = "";

const calls = {
  branch: async () => (await rest.git.createRef({ ...repository, ref: `refs/heads/${branch}`, sha: main })).data.ref,
  write: async () => {
    const file = { ...repository, path: "docs/new.md", branch };
    const made = await rest.repos.createOrUpdateFileContents({ ...file, message: "Add", content: content("x\n") });
    const sha = made.data.content.sha;
    head = (await rest.repos.deleteFile({ ...file, message: "Drop", sha })).data.commit.sha;
    const again = { ...file, message: "Add again", content: content("y\n") };
    head = (await rest.repos.createOrUpdateFileContents(again)).data.commit.sha;
    const read = await rest.repos.getContent({ ...repository, path: "docs/new.md", ref: branch });
    return Buffer.from(read.data.content, "base64").toString();
  },
  listed: async () =>
    (await paginate(rest.repos.listBranches, { ...repository, per_page: 1 })).map((one) => one.name),
  pull: async () => (await rest.pulls.create({ ...repository, base: "main", head: branch, title: "t" })).data.number,
  statuses: async () => (await rest.repos.getCombinedStatusForRef({ ...repository, ref: head })).data.state,
  status: () => rest.repos.createCommitStatus({ ...repository, sha: head, state: "success" }),
  blob: () => rest.git.createBlob({ ...repository, content: "x" }),
  merge: () => rest.pulls.merge({ ...repository, pull_number: 1 }),
  main: () =>
    rest.repos.createOrUpdateFileContents({ ...repository, path: "a.txt", message: "m", content: content("x"), branch: "main" }),
};

const shown = {};
for (const [name, call] of Object.entries(calls)) {
  try {
    shown[name] = `answered: ${await call()}`;
  } catch (refused) {
    shown[name] = String(refused);
  }
}
console.log(JSON.stringify(shown));
