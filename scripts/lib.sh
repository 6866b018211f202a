# Shared by the scripts and sourced, never run: the checkout, numbered steps, system packages, Python.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

UV_VERSION=0.13.9
STEPS_TOTAL=${STEPS_TOTAL:-4}
CERTIFICATES=/etc/ssl/certs/ca-certificates.crt

# Where a town's proxy signs with its own authority, pip, uv and npm must trust what the system trusts.
export PIP_CERT=${PIP_CERT:-$CERTIFICATES} NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-$CERTIFICATES}
export UV_SYSTEM_CERTS=true UV_PYTHON_DOWNLOADS=never UV_PYTHON_PREFERENCE=only-system
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
unset VIRTUAL_ENV PYTHONPATH PYTHONHOME
[ -w "${HOME:-/nonexistent}" ] || { mkdir -p var/home && export HOME=$PWD/var/home; }

step() { # step NUMBER TEXT
  printf '[%s/%s] %s\n' "$1" "$STEPS_TOTAL" "$2"
}

stop_with() { # stop_with TEXT...
  printf '\n%s\n' "$@" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "Ni le compte root ni sudo ne sont disponibles." >&2
    return 1
  fi
}

# Prints the first Python that is recent enough; nothing when there is none.
find_python() {
  local candidate
  for candidate in /usr/bin/python3 /usr/bin/python3.{11,12,13,14} python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
}

postgresql_version() { # as each release packages it
  case "$(. /etc/os-release && echo "$ID:${VERSION_ID:-}")" in
    debian:12) echo 15 ;;
    debian:13) echo 17 ;;
    ubuntu:22.04) echo 14 ;;
    ubuntu:24.04) echo 16 ;;
    *) apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1 ;;
  esac
}

has_postgis() {
  local extension
  for extension in /usr/share/postgresql/*/extension/postgis.control; do
    [ -x "$(sed 's|share\(.*\)/extension/.*|lib\1/bin/initdb|' <<<"$extension")" ] && return
  done
  return 1
}

missing_packages() { # missing_packages [--tests]
  local python version given
  python=$(find_python)
  if [ -z "$python" ]; then
    if grep -q '^VERSION_ID="22.04"' /etc/os-release; then echo python3.11 python3.11-venv; else echo python3 python3-venv; fi
  elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    "$python" -c 'import sys; print(f"python3.{sys.version_info.minor}-venv")'
  fi
  [ -s "$CERTIFICATES" ] || echo ca-certificates
  # WeasyPrint draws PDF files with Pango, and the fonts that come with it
  compgen -G '/usr/lib/*/libpangoft2-1.0.so.0' >/dev/null || echo libpango-1.0-0 libpangoft2-1.0-0
  given=${QPVMAP_DATABASE_URL:-}
  [ "${1:-}" != --tests ] || given=${QPVMAP_TEST_DATABASE_URL:-}
  if [ -z "$given" ] && ! has_postgis; then
    version=$(postgresql_version)
    echo "postgresql-$version" "postgresql-$version-postgis-3"
  fi
  if [ "${1:-}" = --tests ]; then
    [ -n "$(find_chromium)" ] || echo chromium
    command -v pdftotext >/dev/null || echo poppler-utils # opens the PDF files that were made
    compgen -G '/usr/lib/*/libatomic.so.1' >/dev/null || echo libatomic1 # Playwright's driver needs it
  fi
}

find_chromium() {
  local candidate
  for candidate in ${QPVMAP_CHROMIUM:-} chromium google-chrome google-chrome-stable; do
    command -v "$candidate" && return
  done
  return 0
}

install_packages() { # install_packages [--tests]
  local packages
  packages=$(missing_packages "${1:-}" | xargs)
  [ -n "$packages" ] || return 0
  command -v apt-get >/dev/null || stop_with "Il manque : $packages." \
    "Cette machine n’a pas apt : installez leurs équivalents, puis relancez."
  if [[ $packages == *chromium* ]] && grep -q '^ID=ubuntu' /etc/os-release; then
    stop_with "Sous Ubuntu, Chromium est un paquet snap, que les tests ne savent pas piloter." \
      "Installez Google Chrome ou Chromium en paquet deb, ou donnez le chemin d’un Chromium dans QPVMAP_CHROMIUM."
  fi
  echo "      à installer : $packages"
  local advice="Demandez à votre administrateur de lancer : apt-get install --no-install-recommends $packages"
  as_root apt-get -qq -o DPkg::Lock::Timeout=300 update || stop_with "$advice" "Puis relancez."
  packages=$(missing_packages "${1:-}" | xargs) # the version may be known only now
  # shellcheck disable=SC2086 # a list of words
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 $packages || stop_with "$advice" "Puis relancez."
}

# Chromium without its window: a page costs the tests a quarter. They do without where it is not to be had.
install_headless_shell() { # install_headless_shell [--tests]
  local package=chromium-headless-shell
  [ "${1:-}" = --tests ] && [ -z "${QPVMAP_CHROMIUM:-}" ] || return 0
  ! command -v "$package" >/dev/null && apt-cache show "$package" >/dev/null 2>&1 || return 0
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Acquire::http::Timeout=15 "$package" ||
    echo "      sans $package, les tests du navigateur durent plus longtemps"
}

install_uv() {
  if ! var/tools/bin/uv --version 2>/dev/null | grep -qF "uv $UV_VERSION"; then
    "$(find_python)" -m venv --clear var/tools
    var/tools/bin/python -m pip install --quiet "uv==$UV_VERSION"
  fi
}

# Node of the machine is used when it is recent enough; else the locked package brings one.
needs_node() {
  local version
  version=$(node --version 2>/dev/null || true)
  version=${version#v}
  ! command -v npm >/dev/null || [ "${version%%.*}" -lt 20 ]
}

sync_python() { # sync_python [--tests]
  local -a groups=(--no-default-groups --inexact)
  if [ "${1:-}" = --tests ]; then groups=(); elif needs_node; then groups+=(--group build); fi
  .venv/bin/python -c '' 2>/dev/null || var/tools/bin/uv venv --quiet --clear --python "$(find_python)" .venv
  var/tools/bin/uv sync --locked "${groups[@]}"
}
