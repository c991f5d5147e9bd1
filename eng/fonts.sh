# Sourced: the font of the plots.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

# ensure_font: false, with the reason said, where DejaVu Sans or its bold is missing. Texts are measured with it, so the same plot comes out of
# every machine.
ensure_font() {
    has_font || { install_packages fonts-dejavu-core && has_font; }
}

has_font() {
    local folder
    for folder in /usr/share/fonts /usr/local/share/fonts "${HOME:-/nonexistent}"/{.fonts,.local/share/fonts,Library/Fonts} /Library/Fonts; do
        [ -z "$(find -L "$folder" -name DejaVuSans-Bold.ttf -print -quit 2>/dev/null)" ] || return 0
    done
    return 1
}
