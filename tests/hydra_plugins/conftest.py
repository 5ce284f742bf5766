from hydra.core.plugins import Plugins

# Hydra's tests restore its singletons: what plugins store when they are imported is to be there.
Plugins.instance()
