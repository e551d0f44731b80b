package lib.output_test

import data.lib.output

test_what_has_consequences_is_named if output.consequential == {"create-pr": true, "alert-team": true}
