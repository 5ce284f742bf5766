# Sourced by the commands beside it: installs what is missing, and is quick when nothing is.
# Sets `root`, the checkout, and `venv`, its virtual environment.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.venv
lock=$root/requirements.lock
uv_version=0.13.8

say() { echo "$(basename "$0"): $*" >&2; }

is_installed() {
    cmp -s "$lock" "$venv/installed.lock" && cmp -s "$root/pyproject.toml" "$venv/installed.toml"
}

find_uv() {
    if command -v uv >/dev/null; then
        uv=uv
        return
    fi
    uv=$root/.tools/bin/uv
    if [ ! -x "$uv" ]; then
        say "installing uv into $root/.tools"
        python3 -m pip install --quiet --disable-pip-version-check --no-input --root-user-action=ignore \
            --target "$root/.tools" "uv==$uv_version"
    fi
}

install() {
    find_uv
    say "installing the locked packages into $venv (once; about 2 GB)"
    "$uv" venv --quiet --allow-existing --python '>=3.11,<3.14' "$venv"
    "$uv" pip sync --quiet --require-hashes --compile-bytecode --python "$venv/bin/python" "$lock"
    "$uv" pip install --quiet --no-deps --no-build-isolation --python "$venv/bin/python" \
        --editable "$root"
    cp "$lock" "$venv/installed.lock"
    cp "$root/pyproject.toml" "$venv/installed.toml"
}

install_if_needed() {
    if is_installed; then return; fi
    mkdir -p "$venv"
    (
        flock 9 # two commands started at once install once
        is_installed || install
    ) 9>"$venv/setup.lock"
}

# From here on `venv` is an environment with Hydra's newest release, pre-releases included.
install_hydra_next() {
    venv=$root/.venv-hydra-next
    install_if_needed
    find_uv
    "$uv" pip uninstall --quiet --python "$venv/bin/python" \
        hydra-joblib-launcher hydra-ray-launcher hydra-submitit-launcher
    "$uv" pip install --quiet --upgrade --prerelease allow --compile-bytecode \
        --python "$venv/bin/python" 'hydra-core>=1.4.0rc3'
    say "Hydra $("$venv/bin/python" -c 'import hydra; print(hydra.__version__)')"
}

# What cannot be had is not fatal: what needs it says so, or is skipped.
install_with_apt() {
    if ! command -v apt-get >/dev/null; then return; fi
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then as_root=(sudo --non-interactive); fi
    say "installing Debian's package $1 with apt"
    {
        "${as_root[@]}" apt-get -qq update &&
            "${as_root[@]}" apt-get -qq install --yes --no-install-recommends "$1"
    } >/dev/null 2>&1 || say "apt could not install it"
}

has_fashion_mnist() {
    local cache=${ALTITUDE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/altitude}
    [ -f "$cache/fashion-mnist/y_test.npy" ] ||
        [ -f "$HOME/.keras/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz" ] ||
        [ -f /usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz ]
}

provide_fashion_mnist() {
    if has_fashion_mnist; then return; fi
    say "fetching Fashion-MNIST"
    if "$venv/bin/python" -c 'from altitude.data import FashionMnist; FashionMnist().load()' \
        >/dev/null 2>&1; then return; fi
    say "the download was refused"
    install_with_apt dataset-fashion-mnist
}

# For the tests that look at pages in a browser.
provide_chromium() {
    if command -v chromium >/dev/null || command -v chromium-browser >/dev/null; then return; fi
    install_with_apt chromium
}
