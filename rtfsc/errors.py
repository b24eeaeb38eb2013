"""The codes of everything the compiler can say about a program.

In: nothing. Out: `ERRORS`, from a code to its title, the stage that reports it, and an explanation for
`rtfsc explain CODE`. To add an error, add one row. Messages for a given place are made where it is found.

E0xx reading, E1xx malformed forms, E2xx names, macros, modules and delegation marks, E3xx types, E4xx limits,
E5xx artifacts and tool; warnings are in `rtfsc.warning_rows`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rtfs_runtime.objects import SCHEMAS
from rtfsc.error_row import ErrorRow
from rtfsc.warning_rows import WARNINGS

__all__ = ["ERRORS", "ErrorRow"]

_ROWS: dict[str, ErrorRow] = {
    # E0xx: reading
    "E001": ErrorRow(
        "Text that is not Unicode",
        "parse",
        "A source file is UTF-8. The bytes at this place are not, or the text given to the compiler "
        "holds half of a surrogate pair. Save the file as UTF-8; a byte-order mark is allowed and "
        "dropped.",
        "",
        "",
    ),
    "E002": ErrorRow(
        "Invalid number",
        "parse",
        "Whatever starts with a digit, or with a sign and a digit, must be a number, a timestamp or a "
        "uuid as a whole. Integers have any size; floats need digits on both sides of the dot; 0x1f, "
        "0o17 and 0b11 are integers; special floats are ##Inf, ##-Inf and ##NaN. There are no ratios "
        "and no digit separators.",
        "[1 2x .5 1/2]",
        "[1 2 0.5 (/ 1 2)]",
    ),
    "E003": ErrorRow(
        "Unexpected character",
        "parse",
        "Names consist of ASCII letters, digits and _ $ + - * / = < > ! ? % . and do not start with a "
        "digit. There are no character literals (\\a), no set literals (#{1}) and no regular-expression "
        "literals.",
        "#{1 2}",
        "(set [1 2])",
    ),
    "E004": ErrorRow(
        "Invalid keyword",
        "parse",
        "A keyword is a colon followed by a name. Colons inside are allowed between name characters "
        "(:a:b, :com.acme:v1.0/query), a colon at the end is not.",
        '{:name: "Ada"}',
        '{:name "Ada"}',
    ),
    "E005": ErrorRow(
        "Invalid context access",
        "parse",
        "@name and @:name give a value of the host's context. The name follows the @ at once.",
        "(str @ plan-id)",
        "(str @plan-id)",
    ),
    "E006": ErrorRow(
        "Impossible timestamp",
        "parse",
        "A timestamp literal has the shape YYYY-MM-DDThh:mm:ssZ, with .mmm before the Z if needed, and "
        "names a date and a time that exist.",
        "2026-02-30T00:00:00Z",
        "2026-02-28T00:00:00Z",
    ),
    "E007": ErrorRow(
        "Invalid escape sequence",
        "parse",
        'In a string a backslash is followed by one of " \\ / n t r b f, or by u and four hexadecimal '
        "digits. A character beyond U+FFFF is written as itself or as the two escapes of its surrogate "
        "pair.",
        '"a\\qb"',
        '"a\\\\qb"',
    ),
    "E008": ErrorRow(
        "Unterminated string",
        "parse",
        "A string begins and ends with a double quote. It may span lines, so the missing quote can also "
        "be in an earlier string: then all strings after it are read inside out.",
        '(str "abc)',
        '(str "abc")',
    ),
    "E009": ErrorRow(
        "Unterminated block comment",
        "parse",
        "A block comment begins with #| and ends at the first |# after it; block comments do not nest.",
        "1 #| one",
        "1 #| one |#",
    ),
    "E010": ErrorRow(
        "Invalid metadata",
        "parse",
        "^ is followed by a map or by :delegation. There are no flags such as ^:private.",
        "^:private (fn [x] x)",
        "^{:private true} (fn [x] x)",
    ),
    "E011": ErrorRow(
        "Unknown delegation target",
        "parse",
        'The targets of ^:delegation are :local, :local-model "id" and :remote "id".',
        "(fn ^:delegation :somewhere [x] x)",
        "(fn ^:delegation :local [x] x)",
    ),
    "E012": ErrorRow(
        "Malformed delegation mark",
        "parse",
        ":local-model and :remote are followed by the id of a model, a string without escapes; :local "
        "by nothing. The mark ends there.",
        "(fn ^:delegation :remote [x] x)",
        '(fn ^:delegation :remote "m" [x] x)',
    ),
    "E013": ErrorRow(
        "Two delegation marks",
        "parse",
        "A function is delegated to one target.",
        '(fn ^:delegation :local ^:delegation :remote "m" [x] x)',
        '(fn ^:delegation :remote "m" [x] x)',
    ),
    "E014": ErrorRow(
        "Nested #( … ) functions",
        "parse",
        "In a #( … ) inside another it would be unclear which function a % belongs to.",
        "#(map #(+ % 1) %)",
        "#(map (fn [x] (+ x 1)) %)",
    ),
    "E015": ErrorRow(
        "Mark without a form",
        "parse",
        "The marks ' ` ~ ~@ and metadata stand before the form they belong to.",
        "(list a ')",
        "(list 'a)",
    ),
    "E020": ErrorRow(
        "Unexpected closing delimiter",
        "parse",
        "A closing bracket has no opening one left to close.",
        "(+ 1 2))",
        "(+ 1 2)",
    ),
    "E021": ErrorRow(
        "Mismatched delimiter",
        "parse",
        "A closing bracket is of another kind than the innermost one that is open.",
        "(+ 1 [2 3)",
        "(+ 1 [2 3])",
    ),
    "E022": ErrorRow(
        "Unclosed delimiter",
        "parse",
        "The text ends while a bracket is open. The report names the innermost one; the hint compares "
        "the indentation of the lines to find the place where a bracket is most likely missing.",
        "(def a (+ 1 2)",
        "(def a (+ 1 2))",
    ),
    # E1xx: malformed forms
    "E101": ErrorRow(
        "Malformed special form",
        "parse",
        "A special form has a fixed shape: if needs a condition and one or two branches; let a vector "
        "of bindings and a body; fn a parameter vector and a body; def a symbol and a value; try at "
        "least one catch or finally.",
        "(let x 5)",
        "(let [x 5] x)",
    ),
    "E107": ErrorRow(
        "Malformed map",
        "parse",
        "A map holds pairs of a key and a value. A key is a keyword, a string or an integer.",
        "{nil 1}",
        "{:none 1}",
    ),
    "E114": ErrorRow(
        "Template mark outside of a template",
        "parse",
        "~ and ~@ insert values into a form written with the template mark `; elsewhere there is "
        "nothing to insert into.",
        "(list ~x)",
        "`(list ~x)",
    ),
    "E115": ErrorRow(
        "Not a name",
        "parse",
        "& and : have a meaning in parameter lists and patterns only; nil, true and false are values "
        "and cannot be bound.",
        "(+ 1 &)",
        "(fn [a & rest] rest)",
    ),
    "E116": ErrorRow(
        "Malformed pattern",
        "parse",
        "A pattern is a name, _, a vector of patterns with an optional `& rest` and `:as name` at its "
        "end, or a map of keys and patterns; match also takes literals, (:type name), (:or p1 p2) and "
        "(:as name p).",
        "(let [[a &] [1 2]] a)",
        "(let [[a & more] [1 2]] a)",
    ),
    "E117": ErrorRow(
        "Malformed #()",
        "parse",
        "#(…) is one call, its parameters are %, %1, %2 …; it cannot hold another #(…).",
        "(map #(map #(+ % 1) %) xs)",
        "(map (fn [x] (map #(+ % 1) x)) xs)",
    ),
    "E118": ErrorRow(
        "recur out of place",
        "compile",
        "recur goes back to the nearest loop or fn with a value for each of its names, and is the last "
        "thing that it does.",
        "(loop [i 0] (+ 1 (recur i)))",
        "(loop [i 0] (if (< i 9) (recur (+ i 1)) i))",
    ),
    # E2xx: names, macros, modules, delegation
    "E210": ErrorRow(
        "Reserved name",
        "compile",
        "Names that start and end with two underscores belong to Python and are not defined by programs.",
        "(def __name__ 1)",
        "(def my-name 1)",
    ),
    "E220": ErrorRow(
        "Misplaced delegation hint",
        "parse",
        "A function has at most one hint; it stands before or after its name, after fn, or before the "
        "whole form.",
        '^:delegation :remote "m" (f 1)',
        '(defn f ^:delegation :remote "m" [x] x)',
    ),
    "E221": ErrorRow(
        "Wrong examples",
        "compile",
        "The examples of a function are what a model is shown of it: a vector of vectors, each of them the "
        "arguments of a call and then what it gives. They are constants of the types that the function "
        "declares, and belong to a defn at top level.",
        '(defn tone ^{:examples [["I love it"]]} [text :string] [:enum :good :bad] "Tell the tone.")',
        '(defn tone ^{:examples [["I love it" :good]]} [text :string] [:enum :good :bad] "Tell the tone.")',
    ),
    "E230": ErrorRow(
        "Wrong number of operands of a macro",
        "compile",
        "A macro takes as many forms as it has parameters; with & any number more.",
        "(defmacro twice [e] `(do ~e ~e)) (twice 1 2)",
        "(defmacro twice [e] `(do ~e ~e)) (twice 1)",
    ),
    "E231": ErrorRow(
        "Endless expansion",
        "compile",
        "A macro call became a macro call 1,000 times in a row, or a unit needed 100,000 expansions, or its "
        "macros made 1,000,000 forms.",
        "(defmacro again [x] `(again ~x)) (again 1)",
        "(defmacro again [x] `(do ~x)) (again 1)",
    ),
    "E232": ErrorRow(
        "Expansion failed",
        "compile",
        "The body of a macro runs while the program is compiled, on forms as data; an error there is "
        "one of compilation.",
        "(defmacro bad [x] (/ 1 0)) (bad 1)",
        "(defmacro good [x] `(/ 1 ~x)) (good 1)",
    ),
    "E241": ErrorRow(
        "Module not found",
        "compile",
        "The name of a module is its path below a directory of the search path: a.b is a/b.rtfs.",
        "(import no.such.module)",
        "(import a.b)",
    ),
    "E242": ErrorRow(
        "Module error",
        "compile",
        "An imported module does not compile, imports itself, or does not export a name that is asked for.",
        "(import m :only [hidden])",
        "(import m :only [exported])",
    ),
    "E243": ErrorRow(
        "No module form",
        "compile",
        "A file that RTFS imports holds a module form, which says what it exports.",
        "(defn f [x] x)",
        "(module m (:exports [f]) (defn f [x] x))",
    ),
    "E250": ErrorRow(
        "Needs the network",
        "compile",
        "With --offline every call must have somebody on this machine who can answer it: the function "
        "itself, a model that runs here, or one of these as the fallback of a rule in delegation.toml.",
        '(defn title ^:delegation :remote "gpt-4o-mini" [text :string] :string "Find a title.")',
        '(defn title ^:delegation :local-model "local-llama" [text :string] :string "Find a title.")',
    ),
    "E260": ErrorRow(
        "Malformed object",
        "compile",
        "What each kind has at least: "
        + "; ".join(f"{kind} :{' :'.join(row.required)}" for kind, row in SCHEMAS.items())
        + ". The :type is :rtfs.core:v2.0:KIND. Evaluating an object checks nothing of this; `rtfsc check` "
        "and `rtfsc run --plan` do.",
        "",
        "",
    ),
    # E3xx: types
    "E301": ErrorRow(
        "Not a type",
        "parse",
        "A type is a name such as :int, or a vector such as [:vector :int], [:map [:k :int]], [:union "
        ":int :nil].",
        "(fn [x :[:vektor :int]] x)",
        "(fn [x :[:vector :int]] x)",
    ),
    "E302": ErrorRow(
        "Unknown type",
        "compile",
        "A type that is not built in is declared by deftype or defstruct, or imported, before it is used.",
        "(fn [x :Age] x)",
        "(deftype Age :int) (fn [x :Age] x)",
    ),
    "E303": ErrorRow(
        "Unknown predicate",
        "compile",
        "Conditions after the base of [:and …] are predicates of the language, such as [:> 0], [:length 3], "
        '[:matches-regex "a+"], [:non-empty], or types.',
        "(fn [x :[:and :int [:positive]]] x)",
        "(fn [x :[:and :int [:> 0]]] x)",
    ),
    "E304": ErrorRow(
        "Wrong operands of a predicate",
        "compile",
        "A predicate takes a fixed number of literals: numbers for [:> n], a size for [:length n], a key for "
        "[:has-key :k], a vector of keys for [:required-keys [:a :b]].",
        '(fn [x :[:and :int [:> "a"]]] x)',
        "(fn [x :[:and :int [:> 0]]] x)",
    ),
    # E4xx: limits
    "E401": ErrorRow(
        "Too deeply nested to compile",
        "compile",
        "A program may nest 5,000 forms. Give inner parts a name of their own, or build deep data by code.",
        "",
        "",
    ),
    "E402": ErrorRow(
        "Too deeply nested to read",
        "parse",
        "100,000 brackets and marks may be open at one place of a program.",
        "",
        "",
    ),
    "E403": ErrorRow(
        "Integer literal too long",
        "parse",
        "An integer in a program has at most 100,000 digits. Integers that a program computes have any size.",
        "",
        "",
    ),
    "E404": ErrorRow(
        "Too deeply nested functions",
        "compile",
        "500 functions may be nested; the code of a module is written as nested as the program is.",
        "",
        "",
    ),
    # E5xx: artifacts
    "E501": ErrorRow(
        "Not an artifact",
        "load",
        "The file ends in .rtfsc but is no artifact: it does not begin as one.",
        "",
        "",
    ),
    "E502": ErrorRow(
        "Damaged artifact",
        "load",
        "The bytes of the artifact are not those that were written: its digest or its length is wrong. "
        "Nothing of it was decoded. Build it again with `rtfsc build`, or copy it again.",
        "",
        "",
    ),
    "E503": ErrorRow(
        "Artifact of another format",
        "load",
        "The artifact was written by another version of rtfsc, in a layout that this one does not read. "
        "Build it again.",
        "",
        "",
    ),
    "E504": ErrorRow(
        "Artifact for another Python",
        "load",
        "Bytecode is for one minor version of Python. With the compiler installed the source inside the "
        "artifact is compiled instead; without it, run `rtfsc build` with this Python.",
        "",
        "",
    ),
    "E505": ErrorRow(
        "Malformed artifact",
        "load",
        "The digest of the artifact holds, but what it covers is no interface, source or code: whoever "
        "wrote it was not rtfsc.",
        "",
        "",
    ),
    "E506": ErrorRow(
        "Artifact for another runtime",
        "load",
        "The code calls the runtime in a way that this version does not offer. Build it again with "
        "`rtfsc build`.",
        "",
        "",
    ),
    "E507": ErrorRow(
        "Artifact of a program",
        "load",
        "Only a file with a module form can be imported by RTFS. The artifact holds a program.",
        "",
        "",
    ),
    "E508": ErrorRow(
        "Imports have changed",
        "load",
        "The artifact was compiled against another interface of a module that it imports: its macros, "
        "types or functions are different now. Build it again.",
        "",
        "",
    ),
    "E509": ErrorRow(
        "Unsupported Python",
        "load",
        "Code is written for the Python versions that the message lists; this process runs another.",
        "",
        "",
    ),
    "E510": ErrorRow(
        "Not signed",
        "load",
        "Here only signed artifacts are loaded, and this one has no signature, or there is only a"
        " source. Sign it with `rtfsc trust sign`.",
        "",
        "",
    ),
    "E511": ErrorRow(
        "Signed by a stranger",
        "load",
        "The artifact is signed, but nobody here trusts the key. Nothing of it was decoded. "
        "`rtfsc trust add` trusts a key.",
        "",
        "",
    ),
    "E512": ErrorRow(
        "Wrong signature",
        "load",
        "The signature does not fit the content, is malformed, or cannot be checked here. Nothing"
        " of the content was decoded.",
        "",
        "",
    ),
    "E513": ErrorRow(
        "Revoked",
        "load",
        "The key that signed the artifact, or the artifact itself, was revoked. Nothing of it was decoded.",
        "",
        "",
    ),
}


ERRORS: Mapping[str, ErrorRow] = MappingProxyType({**_ROWS, **WARNINGS})
