"""Control flow: successors, loops, and what is live, against a slow and obvious way of finding them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ptlint.analysis.flow import flow_of
from ptlint.frontend import ir
from ptlint.program.walk import reached, successors

HERE = ir.Place("f.c", 1, 1)
NAMES = ("a", "b", "c")


def var(name: str) -> ir.Var:
    return ir.Var(name, "local", "int")


def assign(name: str, value: ir.Expr, word: str = "") -> ir.Assign:
    return ir.Assign(var(name), value, word, HERE)


def function(*blocks: ir.Block) -> ir.Function:
    return ir.Function("t", "t", HERE, 9, (), "void", False, blocks)


def block(end: ir.Terminator, *body: ir.Expr) -> ir.Block:
    return ir.Block(body, end)


def branch(yes: int, no: int, test: ir.Expr | None = None) -> ir.Branch:
    return ir.Branch(test or ir.Const(1), yes, no, HERE)


def leave(value: ir.Expr | None = None) -> ir.Return:
    return ir.Return(value, HERE)


# ---- successors, loops -------------------------------------------------------------------------------------


def test_successors() -> None:
    assert successors(ir.Jump(3)) == (3,)
    assert successors(branch(1, 2)) == (1, 2)
    assert successors(ir.Switch(ir.Const(1), ((0, 1, 4), (2, 2, 5), (3, 9, 4)), 5, HERE)) == (4, 5)
    assert successors(leave()) == ()
    assert successors(ir.Unreachable()) == ()


def test_no_loop() -> None:
    flow = flow_of(function(block(branch(1, 2)), block(ir.Jump(3)), block(ir.Jump(3)), block(leave())))
    assert flow.loops == {}
    assert flow.back == frozenset()


def test_a_loop_inside_a_loop() -> None:
    flow = flow_of(function(block(ir.Jump(1)), block(branch(2, 5)), block(branch(3, 4)), block(ir.Jump(2)), block(ir.Jump(1)), block(leave())))
    assert flow.loops == {1: frozenset({1, 2, 3, 4}), 2: frozenset({2, 3})}
    assert flow.back == {(3, 2), (4, 1)}


def test_a_block_that_loops_on_itself() -> None:
    flow = flow_of(function(block(branch(0, 1)), block(leave())))
    assert flow.loops == {0: frozenset({0})}


def test_flags_of_a_loop_get_plain_numbers_or_are_shown() -> None:
    body = (
        assign("a", ir.Const(1)),
        assign("b", var("c")),
        ir.Unary("&", var("c"), "int *"),
    )
    flow = flow_of(function(block(ir.Jump(1), assign("a", ir.Const(0))), block(branch(1, 2), *body), block(leave())))
    assert flow.flags == {1: frozenset({"a", "c"})}
    assert flow.given[1] == {"a": {1}, "b": {None}, "c": {None}}


def test_blocks_that_are_reached_without_others() -> None:
    one = function(block(branch(1, 2)), block(ir.Jump(3)), block(ir.Jump(3)), block(leave()))
    assert reached(one, 0, set()) == {0, 1, 2, 3}
    assert reached(one, 0, {1}) == {0, 2, 3}
    assert reached(one, 0, {1, 2}) == {0}
    assert reached(one, 3, {3}) == set()


def test_two_ways_back_to_one_head_are_one_loop() -> None:
    flow = flow_of(function(block(ir.Jump(1)), block(branch(2, 3)), block(branch(1, 3)), block(branch(1, 4)), block(leave())))
    assert flow.loops == {1: frozenset({1, 2, 3})}


def test_a_function_without_blocks() -> None:
    assert flow_of(function()).live == ()


# ---- live --------------------------------------------------------------------------------------------------


def test_what_is_read_later_is_live_until_it_is_written() -> None:
    flow = flow_of(
        function(
            block(ir.Jump(1), assign("a", ir.Const(1))),
            block(branch(2, 3), assign("b", var("a"))),
            block(leave(var("b"))),
            block(leave(), assign("a", ir.Const(2))),
        )
    )
    assert [set(names) for names in flow.live] == [set(), {"a"}, {"b"}, set()]


def test_a_compound_assignment_reads() -> None:
    assert flow_of(function(block(leave(), assign("a", ir.Const(1), "+")))).live == (frozenset({"a"}),)


def test_a_value_that_is_read_before_it_is_written_is_live() -> None:
    assert flow_of(function(block(leave(), assign("a", ir.Binary("+", var("a"), ir.Const(1), "int"))))).live == (frozenset({"a"}),)


def test_a_variable_whose_address_is_taken_is_live_everywhere() -> None:
    member = ir.Member(var("a"), "m", "struct s", False, "int")
    flow = flow_of(function(block(ir.Jump(1), ir.Unary("&", member, "int *")), block(leave())))
    assert all("a" in names for names in flow.live)


def test_the_address_of_what_a_pointer_points_to_is_no_address_of_the_pointer() -> None:
    member = ir.Member(var("a"), "m", "struct s", True, "int")
    flow = flow_of(function(block(ir.Jump(1), ir.Unary("&", member, "int *")), block(leave())))
    assert "a" not in flow.live[1]


def test_a_loop_keeps_what_its_next_turn_reads() -> None:
    head = block(branch(2, 3), var("a"))
    flow = flow_of(function(block(ir.Jump(1), assign("a", ir.Const(0))), head, block(ir.Jump(1), ir.Const(0)), block(leave())))
    assert "a" in flow.live[2]
    assert "a" not in flow.live[3]


# ---- any graph ---------------------------------------------------------------------------------------------


@st.composite
def functions(draw: st.DrawFn) -> ir.Function:
    count = draw(st.integers(1, 7))
    target = st.integers(0, count - 1)
    expression = st.sampled_from([var(name) for name in NAMES] + [ir.Const(1)])
    name = st.sampled_from(NAMES)
    statement = st.one_of(expression, st.builds(assign, name, expression), st.builds(assign, name, expression, st.just("+")))
    ends = (st.builds(ir.Jump, target), st.builds(branch, target, target, expression), st.builds(leave, expression), st.just(ir.Unreachable()))
    end = st.one_of(ends)
    return function(*(ir.Block(tuple(draw(st.lists(statement, max_size=3))), draw(end)) for _ in range(count)))


def needed(found: ir.Function, start: int, name: str) -> bool:
    """Is there a way from the start of a block to a read of ``name`` with no plain write before it?"""
    waiting, seen = [start], set()
    while waiting:
        number = waiting.pop()
        if number in seen:
            continue
        seen.add(number)
        one = found.blocks[number]
        outcome = ""
        for expr in one.body:
            if isinstance(expr, ir.Assign):
                outcome = "read" if expr.right == var(name) or (expr.op and expr.left == var(name)) else "written" if expr.left == var(name) else ""
            elif expr == var(name):
                outcome = "read"
            if outcome:
                break
        if not outcome:
            last = one.end.test if isinstance(one.end, ir.Branch) else one.end.value if isinstance(one.end, ir.Return) else None
            outcome = "read" if last == var(name) else ""
        if outcome == "read":
            return True
        if outcome != "written":
            waiting += successors(one.end)
    return False


@settings(max_examples=150)
@given(functions())
def test_live_is_what_some_way_reads(found: ir.Function) -> None:
    flow = flow_of(found)
    assert [{name for name in NAMES if needed(found, number, name)} for number in range(len(found.blocks))] == [set(names) for names in flow.live]


@settings(max_examples=150)
@given(functions())
def test_without_its_back_edges_no_graph_has_a_cycle(found: ir.Function) -> None:
    flow = flow_of(found)
    next_of = {n: [t for t in successors(one.end) if (n, t) not in flow.back] for n, one in enumerate(found.blocks)}
    reachable, waiting = {0}, [0]
    while waiting:
        for target in next_of[waiting.pop()]:
            if target not in reachable:
                reachable.add(target)
                waiting.append(target)
    left = {n: {t for t in next_of[n] if t in reachable} for n in reachable}
    while ends := [n for n, targets in left.items() if not targets]:
        for n in ends:
            del left[n]
        for targets in left.values():
            targets.difference_update(ends)
    assert left == {}
    for tail, head in flow.back:
        assert {tail, head} <= flow.loops[head]
    assert set(flow.loops) == {head for _, head in flow.back}
