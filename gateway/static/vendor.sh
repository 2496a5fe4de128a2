#!/bin/sh
# Fetches govuk-frontend and takes from its stylesheet what may be used only on
# GOV.UK: the GDS Transport typeface and the crest. Run it in this folder to move
# to another version; TestStylesheetCarriesNoForeignBrand checks what it leaves.
set -eu
version=6.6.0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm pack --silent --pack-destination "$dir" "govuk-frontend@$version" >/dev/null
tar -xzf "$dir/govuk-frontend-$version.tgz" -C "$dir"
perl -0pe '
	s#/\*! Copyright \(c\) 2011 by Margaret Calvert.*?\*/##s;
	s#\@font-face\{[^}]*\}##g;
	s#"?GDS Transport"?,arial,sans-serif#"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif#g;
	s#\.govuk-footer__copyright-logo:before\{[^}]*\}##g;
	s#\@supports \(\(-webkit-mask-position:initial\) or \(mask-position:initial\)\)\{(?:[^{}]*\{[^}]*\})+\}##g;
	s#\.govuk-footer__crown\{[^}]*\}##g;
' "$dir/package/dist/govuk/govuk-frontend.min.css" > govuk.css
