"""The public API as text: a block for each item, from rustdoc's description in JSON.

cargo-public-api does the same, and needs a nightly toolchain. Types are written without their paths: which of other
crates there are is for the list in Cargo.toml.
"""

AUTO_TRAITS = {"Send", "Sync", "Unpin", "UnwindSafe", "RefUnwindSafe"}
# What a `derive` leaves behind, and no user can name.
UNNAMEABLE = {"StructuralPartialEq"}
# Named on one line, since there is no more to them.
DERIVABLE = {"Clone", "Copy", "Debug", "Default", "Display", "Drop", "Eq", "Error", "Hash", "PartialEq"}


def listing(api):
    blocks = sorted(blocks_of(api["index"], api["root"], ""))
    return "".join("\n    ".join(lines) + "\n" for _, lines in blocks)


def blocks_of(index, number, prefix):
    """What a module exports: the path of each, and its lines."""
    for child in index[str(number)]["inner"]["module"]["items"]:
        item = index[str(child)]
        kind, inner = only(item["inner"])
        path = prefix + (inner["name"] if kind == "use" else item["name"])
        if kind == "use":
            item = index.get(str(inner["id"]))
            if item is None:
                yield path, [f"pub use {inner['source']}"]
                continue
        if "module" in item["inner"]:
            yield path, [f"pub mod {path}"]
            yield from blocks_of(index, item["id"], f"{path}::")
        elif "function" in item["inner"]:
            yield path, list(member_lines(index, item["id"]))
        else:
            yield path, [heading(item, path), *body(index, item)]


def heading(item, path):
    kind, inner = only(item["inner"])
    generics = inner["generics"]
    return f"{attributes(item)}pub {kind} {path}{declared(generics)}{bounded(inner.get('bounds', []))}{where(generics)}"


def body(index, item):
    kind, inner = only(item["inner"])
    members = {
        "struct": lambda: fields(inner["kind"]),
        "enum": lambda: inner["variants"],
        "trait": lambda: inner["items"],
    }[kind]()
    for member in members:
        yield from member_lines(index, member)
    derived, auto, others = set(), set(), []
    for number in inner.get("impls", []):
        implementation = index[str(number)]["inner"]["impl"]
        trait = trait_name(implementation)
        if trait is None:
            bounds = where(implementation["generics"])
            for member in implementation["items"]:
                yield from (line + bounds for line in member_lines(index, member))
        elif trait in AUTO_TRAITS:
            # For a generic type: if what it is made of has it.
            auto.add(f"{'!' if implementation['is_negative'] else ''}{trait}")
        elif implementation["is_synthetic"] or implementation["blanket_impl"] is not None:
            continue
        elif trait in DERIVABLE and is_for_all(implementation["generics"]):
            derived.add(trait)
        elif trait not in UNNAMEABLE:
            others.append(implementation_line(index, implementation))
    if derived:
        yield f"impl {', '.join(sorted(derived))}"
    yield from sorted(others)
    if auto:
        yield f"impl {', '.join(sorted(auto, key=lambda trait: trait.lstrip('!')))}"


def is_for_all(generics):
    """Whether a type has a trait whatever its parameters are."""
    types = (param["kind"].get("type", {}) for param in generics["params"])
    return not generics["where_predicates"] and not any(each.get("bounds") for each in types)


def implementation_line(index, implementation):
    generics = implementation["generics"]
    items = [index[str(member)] for member in implementation["items"]]
    aliases = [
        f" {{ type {item['name']} = {type_(item['inner']['assoc_type']['type'])} }}"
        for item in items
        if "assoc_type" in item["inner"]
    ]
    trait, of = named(implementation["trait"]), type_(implementation["for"])
    return f"impl{declared(generics)} {trait} for {of}{where(generics)}{''.join(sorted(aliases))}"


def member_lines(index, number):
    item = index[str(number)]
    kind, inner = only(item["inner"])
    name = item["name"]
    if kind == "function":
        yield attributes(item) + function(inner, name)
    elif kind == "struct_field":
        yield f"{name}: {type_(inner)}"
    elif kind == "variant":
        inside = [line for field in fields(inner["kind"]) for line in member_lines(index, field)]
        yield attributes(item) + name + (f" {{ {', '.join(inside)} }}" if inside else "")
    else:
        yield f"{kind} {name}"


def only(node):
    """The one key of a node that is tagged by it, and what is under it."""
    ((key, value),) = node.items()
    return key, value


def trait_name(implementation):
    trait = implementation["trait"]
    return trait and trait["path"].rsplit("::", 1)[-1]


def fields(kind):
    if not isinstance(kind, dict):
        return []
    _, inner = only(kind)
    inner = inner["fields"] if isinstance(inner, dict) else inner
    return [field for field in inner if field is not None]


def attributes(item):
    # The rest, such as `inline`, is no promise.
    found = []
    for attribute in item["attrs"]:
        name = attribute if isinstance(attribute, str) else next(iter(attribute))
        if name in ("non_exhaustive", "must_use"):
            found.append(f"#[{name}] ")
    if item["deprecation"]:
        found.append("#[deprecated] ")
    return "".join(found)


def function(inner, name):
    signature, header = inner["sig"], inner["header"]
    words = [word for word in ("const", "async", "unsafe") if header[f"is_{word}"]]
    inputs = ", ".join(
        self_(kind) if argument == "self" else f"{argument}: {type_(kind)}" for argument, kind in signature["inputs"]
    )
    output = f" -> {type_(signature['output'])}" if signature["output"] else ""
    opening = " ".join(["pub", *words, "fn"])
    return f"{opening} {name}{declared(inner['generics'])}({inputs}){output}{where(inner['generics'])}"


def self_(kind):
    text = type_(kind)
    return {"Self": "self", "&Self": "&self", "&mut Self": "&mut self"}.get(text, f"self: {text}")


def declared(generics):
    # `impl Trait` in an argument is listed there.
    params = [text for text in map(parameter, generics["params"]) if text]
    return f"<{', '.join(params)}>" if params else ""


def parameter(param):
    kind, inner = only(param["kind"])
    if kind == "lifetime":
        outlives = inner["outlives"]
        return param["name"] + (f": {' + '.join(outlives)}" if outlives else "")
    if kind == "const":
        return f"const {param['name']}: {type_(inner['type'])}"
    if inner["is_synthetic"]:
        return None
    default = f" = {type_(inner['default'])}" if inner["default"] else ""
    return param["name"] + bounded(inner["bounds"]) + default


def where(generics):
    predicates = [text for text in map(predicate, generics["where_predicates"]) if text]
    return f" where {', '.join(predicates)}" if predicates else ""


def predicate(node):
    kind, inner = only(node)
    if kind == "bound_predicate":
        return higher_ranked(inner["generic_params"]) + type_(inner["type"]) + bounded(inner["bounds"])
    if kind == "lifetime_predicate":
        return f"{inner['lifetime']}: {' + '.join(inner['outlives'])}"
    return f"{type_(inner['lhs'])} == {term(inner['rhs'])}"


def bounded(bounds):
    return f": {' + '.join(map(bound, bounds))}" if bounds else ""


def bound(node):
    kind, inner = only(node)
    if kind == "outlives":
        return inner
    if kind == "use":
        return "use<..>"
    modifier = {"none": "", "maybe": "?", "maybe_const": "~const "}[inner["modifier"]]
    return higher_ranked(inner["generic_params"]) + modifier + named(inner["trait"])


def higher_ranked(params):
    return f"for<{', '.join(param['name'] for param in params)}> " if params else ""


def named(path):
    return path["path"].rsplit("::", 1)[-1] + arguments(path["args"])


def arguments(args):
    if args is None:
        return ""
    kind, inner = only(args)
    if kind == "parenthesized":
        output = f" -> {type_(inner['output'])}" if inner["output"] else ""
        return f"({', '.join(map(type_, inner['inputs']))}){output}"
    texts = [argument(node) for node in inner["args"]]
    for constraint in inner["constraints"]:
        relation, value = only(constraint["binding"])
        texts.append(constraint["name"] + (f" = {term(value)}" if relation == "equality" else bounded(value)))
    return f"<{', '.join(texts)}>" if texts else ""


def argument(node):
    if node == "infer":
        return "_"
    kind, inner = only(node)
    return {"lifetime": lambda: inner, "type": lambda: type_(inner), "const": lambda: inner["expr"]}[kind]()


def term(node):
    kind, inner = only(node)
    return type_(inner) if kind == "type" else inner["expr"]


def type_(node):
    kind, inner = only(node)
    return TYPES[kind](inner)


def reference(inner):
    lifetime = f"{inner['lifetime']} " if inner["lifetime"] else ""
    return f"&{lifetime}{'mut ' if inner['is_mutable'] else ''}{type_(inner['type'])}"


def dynamic(inner):
    traits = [higher_ranked(each["generic_params"]) + named(each["trait"]) for each in inner["traits"]]
    return f"dyn {' + '.join(traits + ([inner['lifetime']] if inner['lifetime'] else []))}"


def pointer_to_function(inner):
    signature = inner["sig"]
    output = f" -> {type_(signature['output'])}" if signature["output"] else ""
    return f"{higher_ranked(inner['generic_params'])}fn({', '.join(type_(kind) for _, kind in signature['inputs'])}){output}"


def projection(inner):
    trait = named(inner["trait"]) if inner["trait"] else ""
    owner = type_(inner["self_type"])
    return f"<{owner} as {trait}>::{inner['name']}" if trait else f"{owner}::{inner['name']}"


TYPES = {
    "array": lambda inner: f"[{type_(inner['type'])}; {inner['len']}]",
    "borrowed_ref": reference,
    "dyn_trait": dynamic,
    "function_pointer": pointer_to_function,
    "generic": str,
    "impl_trait": lambda inner: f"impl {' + '.join(map(bound, inner))}",
    "primitive": lambda inner: "!" if inner == "never" else inner,
    "qualified_path": projection,
    "resolved_path": named,
    "slice": lambda inner: f"[{type_(inner)}]",
    "tuple": lambda inner: f"({', '.join(map(type_, inner))})",
}
