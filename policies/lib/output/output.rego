# METADATA
# title: What agents produce
# description: Which types of output a jury must have passed before they take effect.
# schemas:
#   - data.compiled: schema.compiled
package lib.output

# METADATA
# title: The types that have consequences for people
# description: What opens a pull request, and what wakes somebody. Another type that is added here needs the jury too.
consequential := {"create-pr": true, "alert-team": true}
