"""Parses every source file of a generated client in a language that nothing here compiles.

    parse.py csharp|kotlin FOLDER

Names the files and lines that the language's grammar does not understand, and ends with 1 when there are any.
"""

import sys
from pathlib import Path

import tree_sitter_c_sharp
import tree_sitter_kotlin
from tree_sitter import Language, Parser

LANGUAGES = {"csharp": (tree_sitter_c_sharp, "*.cs"), "kotlin": (tree_sitter_kotlin, "*.kt")}


def faults(node):
    if node.is_error or node.is_missing:
        yield node
    elif node.has_error:
        for child in node.children:
            yield from faults(child)


def main():
    grammar, pattern = LANGUAGES[sys.argv[1]]
    parser = Parser(Language(grammar.language()))
    files = sorted(Path(sys.argv[2]).rglob(pattern))
    wrong = 0
    for file in files:
        source = file.read_bytes()
        for node in faults(parser.parse(source).root_node):
            wrong += 1
            text = source[node.start_byte : node.end_byte][:100].decode(errors="replace")
            print(f"{file}:{node.start_point.row + 1}: {text!r}")
    print(f"{len(files)} files, {wrong} faults")
    return 1 if wrong or not files else 0


sys.exit(main())
