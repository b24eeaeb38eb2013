"""A matching interpreter of expressions."""


def evaluate(node, env):
    match node:
        case ["num", n]:
            return n
        case ["var", name]:
            return env[name]
        case ["add", a, b]:
            return evaluate(a, env) + evaluate(b, env)
        case ["mul", a, b]:
            return evaluate(a, env) * evaluate(b, env)
        case ["let", name, value, body]:
            return evaluate(body, {**env, name: evaluate(value, env)})
        case ["if", test, yes, no]:
            return evaluate(no, env) if evaluate(test, env) == 0 else evaluate(yes, env)
        case _:
            return 0


program = (
    "let", "x", ("num", 7),
    ("let", "y", ("add", ("var", "x"), ("num", 3)),
     ("if", ("add", ("var", "x"), ("mul", ("num", -1), ("var", "x"))),
      ("num", 1),
      ("mul", ("add", ("var", "x"), ("var", "y")), ("mul", ("var", "y"), ("num", 2))))),
)  # fmt: skip


def run():
    return sum(evaluate(program, {}) for _ in range(20))
