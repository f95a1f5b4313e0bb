"""The front end on small snippets, one construct each."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ptlint.frontend.ir import Asm, Branch, Call, Const, Expr, Function, FunctionRef, Init, Member, Opaque, Place, Return, String, Switch, Unit, Var
from ptlint.frontend.parse import Headers, Problem, parse_shared, parse_unit
from ptlint.frontend.pch import common_headers, make_pch
from ptlint.frontend.show import show, show_end, show_function, show_variable
from ptlint.frontend.source import Sources
from ptlint.frontend.walk import children_of, walk

HERE = str(Path(__file__).parent)
PRELUDE = """\
#define offsetof(t, m) __builtin_offsetof(t, m)
#define container_of(ptr, type, member) ({ void *__mptr = (void *)(ptr); ((type *)(__mptr - offsetof(type, member))); })
#define unlikely(x) __builtin_expect(!!(x), 0)
#define __cleanup(f) __attribute__((cleanup(f), annotate("cleanup:" #f)))
typedef unsigned long ulong_t;
struct list { struct list *next; };
struct item { ulong_t flags; union { struct list link; struct { ulong_t a; void *b; }; }; struct list other; };
typedef struct item *item_t;
int f(int), g(int); void put(struct item *); void done(int *); void die(void) __attribute__((noreturn));
"""


def parse(code: str, *, prelude: str = PRELUDE, **options: object) -> tuple[Unit, list[Problem]]:
    unit, problems = parse_unit(HERE, "t.c", ["-w"], unsaved={"t.c": (prelude + code).encode()}, **options)  # type: ignore[arg-type]
    assert unit is not None
    return unit, problems


def function(code: str, name: str = "t", prelude: str = PRELUDE) -> Function:
    unit, problems = parse(code, prelude=prelude)
    assert problems == []
    return next(found for found in unit.functions if found.name == name)


def body(code: str) -> list[str]:
    """The blocks of ``int t(int x, struct item *p) { code }``, as text, without places."""
    return [f"{'; '.join([*map(show, block.body), show_end(block.end)])}" for block in function(f"int t(int x, struct item *p) {{ {code} }}").blocks]


def expressions(found: Function) -> list[Expr]:
    ends = [getattr(block.end, name) for block in found.blocks for name in ("test", "value") if getattr(block.end, name, None) is not None]
    return [inner for outer in [*(expr for block in found.blocks for expr in block.body), *ends] for inner in walk(outer)]


def calls(found: Function) -> list[Call]:
    return [expr for expr in expressions(found) if isinstance(expr, Call)]


@pytest.mark.parametrize(
    ("code", "blocks"),
    [
        ("return x + 1;", ["return x + 1"]),
        ("if (x) f(1); return 0;", ["if x -> 1 else 2", "f(1); -> 2", "return 0"]),
        ("if (x) return f(1); else return g(2);", ["if x -> 1 else 2", "return f(1)", "return g(2)"]),
        ("if (!x && unlikely(f(1))) g(1); return 0;", ["if x -> 2 else 3", "g(1); -> 2", "return 0", "if f(1) -> 1 else 2"]),
        ("if (x || f(1)) g(1); return 0;", ["if x -> 1 else 3", "g(1); -> 2", "return 0", "if f(1) -> 1 else 2"]),
        ("while (x) { if (f(x)) break; if (g(x)) continue; x--; } return 0;",
         ["-> 1", "if x -> 2 else 3", "if f(x) -> 3 else 4", "return 0", "if g(x) -> 1 else 5", "x--; -> 1"]),
        ("do { x = f(x); } while (x); return 0;", ["-> 1", "x = f(x); if x -> 1 else 2", "return 0"]),
        ("do { f(x); } while (0); return 0;", ["f(x); return 0"]),
        ("for (int i = 0; i < x; i++) f(i); return 0;", ["i = 0; -> 1", "if i < x -> 2 else 3", "f(i); i++; -> 1", "return 0"]),
        ("for (;;) if (f(x)) return 1;", ["-> 1", "if f(x) -> 2 else 1", "return 1"]),
        ("for (; x; ) f(x); return 0;", ["-> 1", "if x -> 2 else 3", "f(x); -> 1", "return 0"]),
        ("for (;; x++) if (f(x)) break; return 0;", ["-> 1", "if f(x) -> 2 else 3", "return 0", "x++; -> 1"]),
        ("for (x = 1;;) if (f(x)) break; return 0;", ["x = 1; -> 1", "if f(x) -> 2 else 1", "return 0"]),
        ("for (; x; f(x)) g(x); return 0;", ["-> 1", "if x -> 2 else 3", "g(x); f(x); -> 1", "return 0"]),
        ("again: if (f(x)) goto again; return 0;", ["-> 1", "if f(x) -> 1 else 2", "return 0"]),
        ("switch (x) { case 1: f(1); case 2 ... 4: f(2); break; default: f(3); } return 0;",
         ["switch x {1: 2, 2..4: 3} default 4", "return 0", "f(1); -> 3", "f(2); -> 1", "f(3); -> 1"]),
        ("switch (sizeof(int)) { case 1: f(1); break; case 4: f(4); break; default: f(0); } return 0;", ["f(4); return 0"]),
        ("switch (9) { case 1: f(1); break; default: f(0); } return 0;", ["f(0); return 0"]),
        ("if (0 && f(1)) g(1); if (1 || f(2)) return g(2); return 0;", ["return g(2)"]),
        ("if (sizeof(long) == 8) return 1; return f(0);", ["return 1"]),
        ("return (unsigned char)300 + -1;", ["return 43"]),
        ("enum { A = 5, B }; return B * 2;", ["return 12"]),
        ("return __builtin_constant_p(x) ? f(1) : f(2);", ["return f(2)"]),
        ("return __builtin_constant_p(3) ? f(1) : f(2);", ["return f(1)"]),
        ("return __builtin_choose_expr(0, f(1), g(2));", ["return g(2)"]),
        ("return _Generic(x, long: 1L, int: f(2), default: (char)3);", ["return f(2)"]),
        ("return _Generic(x, long: f(1), int: f(2));", ["return <_Generic>(f(1), f(2))"]),
        ("return __builtin_types_compatible_p(int, long);", ["return 0"]),
        ("return offsetof(struct item, b);", ["return 16"]),
        ("return x ? p->flags : 7;", ["return x ? p->flags : 7"]),
        ("return x && p;", ["return x && p"]),
        ("return x ? f(1) : 2;", ["if x -> 1 else 2", "%1 = f(1); -> 3", "%1 = 2; -> 3", "return %1"]),
        ("return x ?: 2;", ["return x ? x : 2"]),
        ("return f(1) ?: g(2);", ["%1 = f(1); %2 = %1; if %1 -> 2 else 1", "%2 = g(2); -> 2", "return %2"]),
        ("x = ({ int y = f(x); y + 1; }); return x;", ["y = f(x); x = y + 1; return x"]),
        ("return f((g(1), x));", ["g(1); return f(x)"]),
        ("die(); return f(1);", ["die(); unreachable"]),
        ("if (!p) die(); return 1;", ["if p -> 2 else 1", "die(); unreachable", "return 1"]),
        ("__builtin_unreachable();", ["unreachable"]),
        ("int y = x; { int y = 2; f(y); } return y;", ["y = x; y#2 = 2; f(y#2); return y"]),
        ("int y; x += 2; x <<= 1; return -x;", ["x += 2; x <<= 1; return -x"]),
        ("p = (struct item *)0; return ((ulong_t)p) >> 3;", ["p = 0; return ((ulong_t)p) >> 3"]),
        ("int a[3] = { 1, [2] = 3 }; return a[x];", ["a = (int[3]){.[0] = 1, .[2] = 3}; return a[x]"]),
        ("(&*p)->flags = *&x; return (*p).a;", ["p->flags = x; return p->a"]),
        ("return *(const volatile int *)&x;", ["return x"]),
        ("int (*h)(int) = &f; return (*h)(1) + h(2);", ["h = f; return h(1) + h(2)"]),
        ("static int z = 3; return z;", ["return t.c:t.z"]),
        ("unsigned long y = y; return y;", ["return y"]),
        ("f(1); return 1; f(2);", ["f(1); return 1"]),
        ("return \"a\"[0];", ["return \"a\"[0]"]),
        ("int y __cleanup(done) = 1; return f(y);", ["y = 1; %1 = f(y); done(&y); return %1"]),
        ("{ int y __cleanup(done) = 1, z __cleanup(done) = 2; f(y); } return 0;", ["y = 1; z = 2; f(y); done(&z); done(&y); return 0"]),
        ("while (x) { int y __cleanup(done) = 1; if (f(1)) break; if (f(2)) continue; if (f(3)) goto out; } out: return 0;",
         ["-> 1", "if x -> 2 else 9", "y = 1; if f(1) -> 3 else 4", "done(&y); -> 9", "if f(2) -> 5 else 6", "done(&y); -> 1",
          "if f(3) -> 7 else 8", "done(&y); -> 9", "done(&y); -> 1", "return 0"]),
    ],
)  # fmt: skip
def test_constructs(code: str, blocks: list[str]) -> None:
    assert body(code) == blocks


def test_container_of_names_the_member() -> None:
    assert body("return f(*(int *)container_of(&p->other, struct item, other));") == ['return f(*((int *)<container_of>(&p->other, "other")))']
    found = function("#define entry(p, t, m) container_of(p, t, m)\nstruct item *t(struct list *l) { return entry(l, struct item, link); }")
    end = found.blocks[0].end
    assert isinstance(end, Return)
    assert end.value == Opaque("container_of", (Var("l", "param", "struct list *"), String("link")), "struct item *", Place("t.c", 11, 41))


def test_container_of_with_a_member_behind_a_macro() -> None:
    found = function("#define chain link\nstruct item *t(struct list *l) { return container_of(l, struct item, chain); }")
    assert show_end(found.blocks[0].end) == 'return <container_of>(l, "link")'


def test_container_of_in_a_loop_macro() -> None:
    code = """
#define each(pos, head, member) \\
    for (pos = container_of((head)->next, typeof(*pos), member); &pos->member != (head); \\
         pos = container_of(pos->member.next, typeof(*pos), member))
int t(struct list *head) { struct item *i; each(i, head, other) put(i); return 0; }"""
    found = function(code)
    containers = [expr for expr in expressions(found) if isinstance(expr, Opaque)]
    assert [(expr.kind, expr.operands[1], expr.type) for expr in containers] == [("container_of", String("other"), "struct item *")] * 2


def test_member_records_and_types() -> None:
    found = function("void t(item_t p) { p->b = 0; p->link.next = 0; }")
    members = [(expr.name, expr.record, expr.arrow, expr.type) for expr in expressions(found) if isinstance(expr, Member)]
    assert members == [
        ("b", "struct item", True, "void *"),
        ("next", "struct list", False, "struct list *"),
        ("link", "struct item", True, "struct list"),
    ]
    assert found.params[0].type == "item_t"


def test_typeof_takes_the_type_of_the_value() -> None:
    found = function("void t(item_t p) { typeof(p) q = p; put(q); }")
    assert Var("q", "local", "item_t") in expressions(found)


def test_asm_keeps_operands() -> None:
    code = """
struct ops { struct { void (*put)(struct item *); } mmu; } ops;
#define VCALL(op, arg) ({ unsigned long o; asm volatile("call *%1" : "=r"(o) : "m"(op), "r"((unsigned long)(arg)), "i"(__COUNTER__)); o; })
int t(struct item *p) { VCALL(ops.mmu.put, p); return 0; }"""
    (asm,) = [expr for expr in expressions(function(code)) if isinstance(expr, Asm)]
    assert [show(operand) for operand in asm.operands] == ["o", "ops.mmu.put", "(unsigned long)p", "0"]
    assert asm.macro == "VCALL"


def test_asm_goto_leads_to_its_labels() -> None:
    assert body('asm goto("" : : "r"(x) : : yes); return 0; yes: return 1;') == [
        "asm(x); if <asm goto>() -> 2 else 1", "return 0", "return 1"]  # fmt: skip


def test_asm_goto_in_a_macro() -> None:
    code = """
#define asm_volatile_goto(x...) asm goto(x)
#define try_load(p, label) asm_volatile_goto("" : : "r"(p) : : label)
static int branch(void) { asm_volatile_goto("" : : : : l_yes); return 0; l_yes: return 1; }
int t(struct item *p) { try_load(p, fault); asm(""); if (branch()) return 1; if (p) goto out; return 2; fault: return 3; out: return 4; }
"""
    ends = [show_end(block.end) for block in function(code).blocks]
    assert [end for end in ends if end.startswith("return")] == ["return 1", "return 2", "return 3", "return 4"]
    assert sum("asm goto" in end for end in ends) == 1
    assert len(function(code, "branch").blocks) == 3


def test_computed_goto_is_opaque() -> None:
    assert body("void *l = &&out; goto *l; out: return 0;")[0].endswith("<computed goto>(l); return")


def test_calls_tell_their_macros() -> None:
    code = """
#define put_it(p) do { put(p); } while (0)
#define release(p) \\
    put_it(p)
#define WARN(x) ({ int r = !!(x); r; })
struct table { void (*free)(struct item *); };
void t(struct item *p, struct table *o) { release(p); if (WARN(f(1))) put(p); o->free(p); }
"""
    found = function(code)
    line = PRELUDE.count("\n")
    origins = [(call.text, [(name, place.line - line) for name, place in call.macros], call.place.line - line) for call in calls(found)]
    assert origins == [("release", [("release", 3), ("put_it", 2)], 7), ("f", [], 7), ("o->free", [], 7), ("put", [], 7)] or origins == [
        ("release", [("release", 3), ("put_it", 2)], 7), ("f", [], 7), ("put", [], 7), ("o->free", [], 7)]  # fmt: skip


def test_keys_and_headers(tmp_path: Path) -> None:
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "h.h").write_text(
        "extern int far(int);\nstatic inline int low(int x) { return far(x); }\nstatic inline int high(int x) { return low(x); }\n"
        "static inline int unused(int x) { return x; }\n")  # fmt: skip
    (tmp_path / "d.c").write_text('#include "./inc/../inc/h.h"\nstatic int own(int x) { return high(x); }\nint (*t(void))(int) { return own; }\n')
    unit, problems = parse_unit(str(tmp_path), "./d.c", ["-w"])
    assert unit is not None
    assert problems == []
    assert [found.key for found in unit.functions] == ["d.c:own", "t", "inc/h.h:low", "inc/h.h:high"]
    assert [found.static for found in unit.functions] == [True, False, True, True]
    assert unit.declared == (("far", "int"),)


def test_wanted_leaves_functions_out() -> None:
    unit, _ = parse("int a(void) { return b_(); } int t(void) { return f(0); }", prelude="int f(int), b_(void);", wanted=lambda name: name == "t")
    assert [found.name for found in unit.functions] == ["t"]


def test_tables_of_functions() -> None:
    code = """
struct ops { void (*put)(struct item *); struct { int (*get)(int); } mmu; };
struct ops ops = { .put = put, .mmu.get = f };
static struct ops many[] = { { put, { g } }, [3] = { .mmu = { .get = f } } };
int number = 3; int *address = &number;
void t(void) { static struct ops own = { .put = put }; own.put(0); }
"""
    unit, _ = parse(code)
    inits = {variable.id: variable.init for variable in unit.variables}
    assert sorted(inits) == ["address", "ops", "t.c:many", "t.c:t.own"]
    ops, many = inits["ops"], inits["t.c:many"]
    assert isinstance(ops, Init)
    assert isinstance(many, Init)
    assert [(field.path, field.value) for field in ops.fields] == [(("put",), FunctionRef("put")), (("mmu", "get"), FunctionRef("f"))]
    assert [field.path for field in many.fields] == [("[0]", "put"), ("[0]", "mmu", "get"), ("[3]", "mmu", "get")]


def test_layouts() -> None:
    unit, _ = parse("void t(struct item *p) { p->b = 0; }", records={"struct item", "struct absent"})
    (layout,) = unit.layouts
    assert (layout.record, layout.size) == ("struct item", 32)
    assert layout.members == (("flags", 0, 8), ("link", 8, 8), ("a", 8, 8), ("b", 16, 8), ("other", 24, 8))


def test_broken_code_is_a_problem() -> None:
    unit, problems = parse("int t(void) { return nothing; }\nint u(void) { return f(1); }")
    assert [found.name for found in unit.functions] == ["t", "u"]
    assert problems[0].file == "t.c"
    assert problems[0].reason.startswith("t.c:10: use of undeclared identifier")


@pytest.mark.parametrize(
    "text", [b"", b"\0\xff\xfe", b"int t( {", b"}}}}", b'#include "missing.h"\nint t(void) { return 0; }', b"int t(void) { if (", b"#error no"]
)
def test_garbage_raises_nothing(text: bytes) -> None:
    unit, problems = parse_unit(HERE, "t.c", [], unsaved={"t.c": text})
    assert unit is None or isinstance(unit, Unit)
    assert problems or not text


def test_absent_file_is_a_problem(tmp_path: Path) -> None:
    unit, problems = parse_unit(str(tmp_path), "absent.c", [])
    assert unit is None
    assert problems[0].file == "absent.c"


def test_deep_nesting_is_no_crash() -> None:
    deep = "(" * 200 + "x" + ")" * 200
    assert body(f"return {deep};") == ["return x"]


def test_counter_numbers_are_left_out() -> None:
    code = """
#define paste(a, b) a##b
#define paste2(a, b) paste(a, b)
#define CHECK(c) do { extern void paste2(assert_, __COUNTER__)(void); if (c) paste2(assert_, 7)(); } while (0)
#define LATER extern void paste2(assert_, 7)(void);
LATER
void t(int x) { int v4 = 1; CHECK(x); f(v4); }
"""
    assert {call.text for call in calls(function(code))} >= {"f"}
    assert Var("v4", "local", "int") in expressions(function(code))


HEADER = """\
#ifndef H
#define H
struct s { int n; };
extern void unlock(struct s *), work(void);
static inline void drop(struct s *s) { unlock(s); }
#define locked(v) struct s v __attribute__((cleanup(drop), annotate("cleanup:drop")))
#define call_it() work()
#endif
"""


def test_precompiled_header_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "h.h").write_text(HEADER)
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.c").write_text("#include <h.h>\nvoid t(void) { locked(v); call_it(); }\n")
    sources = Sources(str(tmp_path))
    headers = common_headers(sources, ["a.c", "b.c", "c.c"])
    assert headers == ["h.h"]
    path = str(tmp_path / "all.pch")
    assert make_pch(str(tmp_path), ["-Iinc", "-w"], headers, path) == []
    plain = parse_unit(str(tmp_path), "a.c", ["-Iinc", "-w"])
    precompiled = parse_unit(str(tmp_path), "a.c", ["-Iinc", "-w"], pch=path)
    assert plain[0] is not None
    assert precompiled[0] is not None
    assert precompiled[1] == plain[1]
    assert msgspec.structs.replace(precompiled[0], declared=plain[0].declared) == plain[0]
    assert [found.key for found in plain[0].functions] == ["t", "inc/h.h:drop"]
    assert [(call.text, [name for name, _ in call.macros]) for call in calls(plain[0].functions[0])] == [("call_it", ["call_it"]), ("drop", [])]


def test_broken_header_is_a_problem(tmp_path: Path) -> None:
    problems = make_pch(str(tmp_path), [], ["absent.h"], str(tmp_path / "x.pch"))
    assert len(problems) == 1
    assert "absent.h" in problems[0].reason


def test_output_is_the_same_each_time_and_survives_json() -> None:
    code = "int t(int x, struct item *p) { int y __cleanup(done) = x; if (f(x)) put(container_of(&p->link, struct item, link)); return y; }"
    one, two = parse(code)[0], parse(code)[0]
    assert msgspec.json.encode(one) == msgspec.json.encode(two)
    assert msgspec.json.decode(msgspec.json.encode(one), type=Unit) == one


def test_places_and_ends() -> None:
    found = function("int t(int x)\n{\n\tif (x)\n\t\treturn 1;\n\treturn f(x);\n}\n")
    first = found.place.line
    branch = found.blocks[0].end
    assert isinstance(branch, Branch)
    assert (branch.place.line - first, found.end_line - first, found.place.file) == (2, 5, "t.c")
    assert [(call.place.line - first, call.place.column) for call in calls(found)] == [(4, 9)]


def test_text_forms() -> None:
    unit, _ = parse("struct o { int (*f)(int); } o = { f };\nint t(int x) { switch (x) { case 1: return o.f(1); } return -(x + 1); }")
    text = show_function(unit.functions[0], origins=True)
    assert "switch x {1: " in text
    assert "return -(x + 1)" in text
    assert show_variable(unit.variables[0]).endswith("struct o o = (struct o){.f = f}")
    assert children_of(Const(1)) == ()
    assert any(isinstance(block.end, Switch) for block in unit.functions[0].blocks)


def test_long_chains_are_no_crash() -> None:
    chain = "".join(f"if (x == {number}) return {number}; else " for number in range(400))
    unit, problems = parse(f"int t(int x) {{ {chain} return -1; }} int u(void) {{ return 1; }}")
    assert "u" in [found.name for found in unit.functions]
    assert problems == [] or problems[0].reason == "t: nested too deeply"


def test_functions_of_the_precompiled_header_are_lowered_once(tmp_path: Path) -> None:
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "h.h").write_text(
        "#pragma once\nstatic inline int lower(int x) { return x; }\nstatic inline int low(int x) { return lower(x); }\n"
    )
    (tmp_path / "own.h").write_text("static inline int mine(int x) { return low(x); }\n")
    for name in ("a", "b"):
        (tmp_path / f"{name}.c").write_text(f'#include <h.h>\n#include "own.h"\nint {name}(int x) {{ return mine(x); }}\n')
    sources, headers = Sources(str(tmp_path)), Headers()
    pch = str(tmp_path / "all.pch")
    assert make_pch(str(tmp_path), ["-Iinc"], ["h.h"], pch) == []
    units = [parse_shared(sources, f"{name}.c", ["-Iinc"], headers, pch, frozenset()) for name in ("a", "b")]
    assert [[found.key for found in parsed.unit.functions] for parsed in units if parsed.unit] == [["a", "own.h:mine"], ["b", "own.h:mine"]]
    assert {key: one.refs for key, one in headers.functions.items()} == {"inc/h.h:low": ("inc/h.h:lower",), "inc/h.h:lower": ()}
    assert [parsed.refs for parsed in units] == [("inc/h.h:low",), ("inc/h.h:low",)]
    assert [parsed.read for parsed in units] == [("a.c", "own.h"), ("b.c", "own.h")]
    assert not headers.bound


def test_a_function_of_the_header_that_needs_the_unit_is_not_shared(tmp_path: Path) -> None:
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "h.h").write_text("#pragma once\nstatic int later(int x);\nstatic inline int low(int x) { return later(x); }\n")
    (tmp_path / "a.c").write_text("#include <h.h>\nint a(int x) { return low(x); }\nstatic int later(int x) { return x + 1; }\n")
    headers, pch = Headers(), str(tmp_path / "all.pch")
    assert make_pch(str(tmp_path), ["-Iinc", "-w"], ["h.h"], pch) == []
    parsed = parse_shared(Sources(str(tmp_path)), "a.c", ["-Iinc", "-w"], headers, pch, frozenset())
    assert headers.bound
    assert parsed.unit is not None
    assert [found.key for found in parsed.unit.functions] == ["a", "a.c:later"]


@pytest.mark.parametrize("cut", range(20, 680, 37))
def test_code_cut_off_anywhere_raises_nothing(cut: int) -> None:
    code = """
struct ops { void (*put)(struct item *); int (*get)(int); } ops = { .put = put, .get = f };
int t(int x, struct item *p) {
    int i __cleanup(done) = x, *q = &i;
    for (i = 0; i < x; i++) { switch (i) { case 1: f(i); break; case 2 ... 4: continue; default: goto out; } }
    while (unlikely(x && f(x))) { x += ({ int y = g(x) ?: 2; y; });
        if (!p) break; else do { put(container_of(&p->link, struct item, link)); } while (f(1)); }
    asm volatile("call *%1" : "=r"(i) : "m"(ops.put), "r"((unsigned long)p));
    p->b = (void *)(x ? (unsigned long)p->a : sizeof(struct item));
out:
    return ((struct item){ .flags = 1 }).flags + *q + "abc"[x] + _Generic(x, int: 1, long: 2);
}
"""
    unit, problems = parse_unit(HERE, "t.c", ["-w"], unsaved={"t.c": (PRELUDE + code[:cut]).encode()})
    assert unit is not None
    assert problems or cut < 100
