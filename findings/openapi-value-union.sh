#!/usr/bin/env bash
# A member of an OpenAPI 3.1 document that is a number, a boolean, a text or
# null: which ways to write it do generators of clients read?
#
# Seen here, with each generator as pinned below:
#   type: [number, boolean, string, null]   oapi-codegen 2.8.2 and ogen 1.24.0
#       refuse the whole document.
#   oneOf of the four                       openapi-generator 7.26.0's Java
#       client with the library `native` (Jackson) reads texts only: it says of
#       43.5 that two classes match, since Jackson makes a String of a number.
#   anyOf of the four, under a name         all read it; with `native` a JSON
#       whole number 43 becomes the boolean true, and the text "12" a number.
#       43.0 stays a number.
# Needs Go, Java with Maven, Python with venv. Fails if any of this changes.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT

document() {
    cat <<JSON
{"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "servers": [{"url": "/"}],
 "paths": {"/latest": {"get": {"operationId": "latest", "responses": {"200": {"description": "ok",
   "content": {"application/json": {"schema": {"\$ref": "#/components/schemas/Item"}}}}}}}},
 "components": {"schemas": {
   "Item": {"type": "object", "required": ["value"], "properties": {"value": {"\$ref": "#/components/schemas/Value"}}},
   "Value": $1}}}
JSON
}
kinds='[{"type": "number", "format": "double"}, {"type": "boolean"}, {"type": "string"}, {"type": "null"}]'
document '{"type": ["number", "boolean", "string", "null"]}' >types.json
document "{\"oneOf\": $kinds}" >one.json
document "{\"anyOf\": $kinds}" >any.json

export GOBIN=$PWD/bin GOFLAGS=-mod=mod
go install github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 2>/dev/null
go install github.com/ogen-go/ogen/cmd/ogen@v1.24.0 2>/dev/null
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check openapi-generator-cli==7.26.0

fail() { echo "CHANGED: $1"; exit 1; }
for one in types one any; do
    for generator in oapi-codegen ogen; do
        case $generator in
            oapi-codegen) bin/oapi-codegen -generate types -package api -o "$one.go" "$one.json" >log 2>&1 && told=reads || told=refuses ;;
            ogen) bin/ogen --target "$one-ogen" --package api --clean "$one.json" >log 2>&1 && told=reads || told=refuses ;;
        esac
        echo "$generator $told $one.json$([ $told = refuses ] && echo ": $(grep -iom1 'unhandled schema type.*\|multiple types are not supported.*' log)")"
        [ "$one" = types ] && expected=refuses || expected=reads
        [ $told = $expected ] || fail "$generator and $one.json"
    done
done

cat >Read.java <<'JAVA'
import org.openapitools.client.model.Item;
public class Read {
    public static void main(String[] values) throws Exception {
        var mapper = org.openapitools.client.ApiClient.createDefaultObjectMapper();
        for (String value : values) {
            String read;
            try {
                var item = mapper.readValue("{\"value\":" + value + "}", Item.class).getValue();
                var inner = item == null ? null : item.getActualInstance();
                read = inner == null ? "null" : inner + " " + inner.getClass().getSimpleName();
            } catch (Exception fault) {
                read = "refused";
            }
            System.out.println(value + " -> " + read);
        }
    }
}
JAVA
for one in one any; do
    venv/bin/openapi-generator-cli generate -i $one.json -g java --library native -o $one >log 2>&1
    (cd $one && mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
        -DincludeScope=compile -DoutputDirectory="$PWD/../jars" >/dev/null 2>&1)
    mkdir -p classes-$one
    find $one/src/main -name '*.java' >sources
    javac -nowarn -cp 'jars/*' -d classes-$one @sources Read.java 2>/dev/null
    java -cp "jars/*:classes-$one" Read 43.5 43.0 43 true '"x"' '"12"' null 2>/dev/null | tee $one.told | sed "s/^/Java native, $one.json: /"
done
diff - one.told <<'TOLD' || fail "oneOf with Java native"
43.5 -> refused
43.0 -> refused
43 -> refused
true -> refused
"x" -> x String
"12" -> refused
null -> null
TOLD
diff - any.told <<'TOLD' || fail "anyOf with Java native"
43.5 -> 43.5 Double
43.0 -> 43.0 Double
43 -> true Boolean
true -> true Boolean
"x" -> x String
"12" -> 12.0 Double
null -> null
TOLD
echo "as described"
