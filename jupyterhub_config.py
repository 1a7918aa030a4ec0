"""JupyterHub with GAVIP, as `make run` starts it.

GAVIP's own settings are `c.Gavip.…`; docs/reference/settings.md lists all of them.
Everything else is plain JupyterHub.
"""

import gavip_hub
from gavip_hub import trial

c = get_config()

# What `make run` found out: folders, ports, proxy and engine.
# A production hub sets these itself and drops this line.
trial.configure(c)

# The trial's shared password. Put a real sign-in in its place: docs/howto/sign-in.md.
trial.sign_in(c)

# What all launches together may hold; the default is what the machine has.
# c.Gavip.capacity_cpu = 16
# c.Gavip.capacity_memory = "64G"

# What one user may hold, and how long.
# c.Gavip.max_running = 4
# c.Gavip.max_walltime = "24h"
# c.Gavip.idle_timeout = "2h"

# Who may do what. Everybody who signs in is a scientist.
# c.JupyterHub.load_groups = {
#     "gavip-developers": {"users": ["…"]},
#     "gavip-operators": {"users": ["…"]},
# }

gavip_hub.install(c)
