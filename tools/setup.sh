#!/bin/sh
# The virtual environment of this folder, exactly as uv.lock has it.
#   tools/setup.sh run   what siaga needs to run
#   tools/setup.sh dev   and what its developers need
# Quick the second time: a stamp in .venv remembers which lock it was made from. Writes only here and into the caches of uv and pip.
set -eu
cd "$(dirname "$0")/.."

want=${1:-dev}
uv_version=0.13.8
bootstrap=.cache/uv

say() { printf 'siaga: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# pjsua2-python has wheels for CPython up to 3.12 only.
supported() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; }

fingerprint() {
  { cat uv.lock pyproject.toml tools/setup.sh; .venv/bin/python -V; pwd; } 2>&1 | cksum
}

fresh() {
  [ -x .venv/bin/python ] && [ -x .venv/bin/siaga ] || return 1
  for kind in dev "$want"; do
    stamp=.venv/siaga-$kind.stamp
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ] && return 0
  done
  return 1
}

can_make_venvs() {
  "$1" -c 'import ensurepip, venv' 2>/dev/null && return 0
  die "$1 cannot make virtual environments. Do: apt install python3-venv (as root), then try again."
}

install_uv() { # into the virtual environment $1
  "$1/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$uv_version" ||
    die "uv $uv_version could not be installed from the package index. Check the network (or PIP_INDEX_URL), then try again."
}

find_python() {
  for candidate in python3 python3.12 python3.11; do
    path=$(command -v "$candidate" 2>/dev/null) || continue
    if supported "$path"; then
      printf '%s\n' "$path"
      return 0
    fi
  done
  return 1
}

make_venv_with_own_python() {
  can_make_venvs "$1"
  "$1" -m venv --clear .venv
  install_uv .venv
}

# The system's Python is too new (or too old): uv brings one.
make_venv_with_managed_python() {
  system=$(command -v python3) || die "python3 is missing. Do: apt install python3 python3-venv (as root), then try again."
  can_make_venvs "$system"
  say "$("$system" -V) is not supported (3.11 and 3.12 are); uv looks for another one"
  [ -x "$bootstrap/bin/uv" ] || { "$system" -m venv --clear "$bootstrap" && install_uv "$bootstrap"; }
  uv=$bootstrap/bin/uv
  "$uv" python find --no-project '>=3.11,<3.13' >/dev/null 2>&1 || "$uv" python install 3.12 ||
    die "no Python 3.11 or 3.12 here, and uv could not fetch one. Install python3.11 or python3.12 (with venv)," \
      "or set UV_PYTHON_INSTALL_MIRROR to a reachable copy of python-build-standalone, then try again."
  "$uv" venv --quiet --clear --seed --no-project --python '>=3.11,<3.13' .venv
  install_uv .venv
}

# Python keeps what it compiled, but not where the service's user may not write, nor with PYTHONDONTWRITEBYTECODE:
# each start would compile everything anew, half a second. Our own files change with each pull, so they are looked at each time.
compile_ours() {
  .venv/bin/python -m compileall -qq probe channels storage scheduler escalation reports lab siaga ||
    say "not all of siaga could be compiled; it starts more slowly, no more"
}

command -v cksum >/dev/null || die "cksum is missing. Do: apt install coreutils (as root), then try again."
if fresh; then
  compile_ours
  exit 0
fi

if ! { [ -x .venv/bin/uv ] && [ -x .venv/bin/python ] && supported .venv/bin/python; }; then
  say "making the virtual environment (once)"
  if python=$(find_python); then make_venv_with_own_python "$python"; else make_venv_with_managed_python; fi
fi

say "installing the locked packages ($want)"
unset VIRTUAL_ENV UV_PROJECT_ENVIRONMENT PYTHONHOME PYTHONPATH
only_run=
[ "$want" = run ] && only_run='--no-dev --inexact'
# shellcheck disable=SC2086  # two options, not one
.venv/bin/uv sync --quiet --frozen --compile-bytecode --python .venv/bin/python $only_run ||
  die "the locked packages could not be installed (see above). Check the network and the free disk space, then try again."
compile_ours
fingerprint >".venv/siaga-$want.stamp"
