// What Octokit, with the retries and the throttling that it is shipped with, shows of each refusal. The calls
// that the command line names, all where it names none; prints one JSON object.
import { Octokit } from "octokit";

const url = process.env.DOORLESS_URL;
const of = (service) =>
  new Octokit({ baseUrl: `${url}/${service}`, log: { debug() {}, info() {}, warn() {}, error() {} } });
const { rest } = of("github");
const repository = { owner: "o", repo: "r" };
const calls = {
  allowed: () => rest.repos.get(repository),
  action: () => rest.pulls.create({ ...repository, base: "main", head: "topic", title: "t" }),
  data: () => rest.repos.getBranch({ ...repository, branch: "main" }),
  hold: () => rest.repos.delete(repository),
  large: () => rest.issues.create({ ...repository, title: "t", body: "x".repeat(400) }),
  absent: () => rest.users.getAuthenticated(),
  unready: () => of("github-unready").rest.repos.get(repository),
  down: () => of("github-down").rest.repos.get(repository),
};

const shown = {};
const named = process.argv.slice(2);
for (const name of named.length ? named : Object.keys(calls)) {
  try {
    shown[name] = `answered: ${(await calls[name]()).status}`;
  } catch (refused) {
    shown[name] = String(refused);
  }
}
console.log(JSON.stringify(shown));
