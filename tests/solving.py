"""Made problems, solved from their questions alone and in other ways than by their steps."""

import ast
import operator
import re
from fractions import Fraction
from itertools import permutations, product

SIGNS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def worth(text, **values):
    """Work a term out as Python reads it, once every sign is written."""
    signed = re.sub(r"(\d)([a-z(])", r"\1*\2", text)

    def walk(node):
        if isinstance(node, ast.Constant):
            return Fraction(node.value)
        if isinstance(node, ast.Name):
            return values[node.id]
        if isinstance(node, ast.UnaryOp):
            return -walk(node.operand)
        return SIGNS[type(node.op)](walk(node.left), walk(node.right))

    return walk(ast.parse(signed.strip(), mode="eval").body)


def quantities(question, **given):
    """Return all quantities of an arithmetic question; those that are given stand, whatever their definitions say."""
    definitions = re.fullmatch(r"Let (.+)\. What is (.)\?", question)
    values = {}
    for name, term in re.findall(r"([a-e]) = (.+?)(?=, [a-e] = | and [a-e] = |$)", definitions[1]):
        values[name] = Fraction(given[name]) if name in given else worth(term, **values)
    assert name == definitions[2]
    return values


def root(equation):
    """Return the x that solves a linear equation, by two points of the line; None where there is not just one."""
    left, right = equation.split("=")
    at_0, at_1 = (worth(left, x=Fraction(x)) - worth(right, x=Fraction(x)) for x in (0, 1))
    return None if at_0 == at_1 else at_0 / (at_0 - at_1)


def chance(question):
    """Return the probability that is asked for, by going through all that can happen."""
    numbers = [Fraction(number) for number in re.findall(r"\d+(?:/\d+)?", question)]
    if question.startswith("A bag"):
        red, blue = map(int, numbers)
        draws = list(permutations("r" * red + "b" * blue, 2))
        hits = {("r", "r")} if "both are red" in question else {("r", "b"), ("b", "r")}
        return Fraction(sum(draw in hits for draw in draws), len(draws))
    if question.startswith("Two fair dice"):
        first, second, _, least, least_too = map(int, numbers)
        rolls = list(product(range(1, first + 1), range(1, second + 1)))
        return Fraction(sum(one >= least or other >= least_too for one, other in rolls), len(rolls))
    if question.startswith("Ann"):
        hit = [(p, 1 - p) for p in numbers]
        return sum(hit[0][a] * hit[1][b] for a, b in product((0, 1), repeat=2) if a != b)
    red, blue, red_too, blue_too, first = numbers
    balls = {("one", "r"): first * red / (red + blue), ("two", "r"): (1 - first) * red_too / (red_too + blue_too)}
    return balls["one", "r"] / sum(balls.values()) if "came from" in question else sum(balls.values())


def continued(problem, values):
    """Return the answer of somebody who holds these values of the quantities for right, and works the others out."""

    def of(name, made):
        return values[name] if name in values else made()

    numbers = [Fraction(number) for number in re.findall(r"\d+(?:/\d+)?", problem.question)]
    stories = ("both are red", "different", "or both", "exactly one", "that it is red", "came from bag one")
    story = next(told for told in stories if told in problem.question)
    if story == "both are red":
        red, blue = numbers
        first = of("P(first red)", lambda: red / (red + blue))
        second = of("P(second red after red)", lambda: (red - 1) / (red + blue - 1))
        return of("P(both red)", lambda: first * second)
    if story == "different":
        red, blue = numbers
        balls = red + blue
        ways = [
            of("P(red then blue)", lambda: red / balls * blue / (balls - 1)),
            of("P(blue then red)", lambda: blue / balls * red / (balls - 1)),
        ]
        return of("P(different)", lambda: sum(ways))
    if story == "or both":
        first, second, _, least, least_too = numbers
        less = (
            of("P(first is less)", lambda: (least - 1) / first),
            of("P(second is less)", lambda: (least_too - 1) / second),
        )
        both = of("P(both are less)", lambda: less[0] * less[1])
        return of("P(one or other)", lambda: 1 - both)
    if story == "exactly one":
        ann, bob = numbers
        misses = of("P(ann misses)", lambda: 1 - ann), of("P(bob misses)", lambda: 1 - bob)
        alone = of("P(ann alone)", lambda: ann * misses[1]), of("P(bob alone)", lambda: bob * misses[0])
        return of("P(exactly one)", lambda: sum(alone))
    red, blue, red_too, blue_too, one = numbers
    two = of("P(bag two)", lambda: 1 - one)
    ways = (
        of("P(one and red)", lambda: one * red / (red + blue)),
        of("P(two and red)", lambda: two * red_too / (red_too + blue_too)),
    )
    total = of("P(red)", lambda: sum(ways))
    return total if story == "that it is red" else of("P(one given red)", lambda: ways[0] / total)
