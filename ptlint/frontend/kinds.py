"""The numbers of libclang 18's cursor and type kinds that the front end uses."""

from __future__ import annotations

STRUCT_DECL, UNION_DECL = 2, 3
FIELD_DECL, ENUM_CONSTANT_DECL, FUNCTION_DECL, VAR_DECL, PARM_DECL = 6, 7, 8, 9, 10
TYPE_REF, MEMBER_REF, LABEL_REF = 43, 47, 48
UNEXPOSED_EXPR, DECL_REF_EXPR, MEMBER_REF_EXPR, CALL_EXPR = 100, 101, 102, 103
INTEGER_LITERAL, FLOATING_LITERAL, IMAGINARY_LITERAL, STRING_LITERAL, CHARACTER_LITERAL = 106, 107, 108, 109, 110
PAREN_EXPR, UNARY_OPERATOR, ARRAY_SUBSCRIPT_EXPR, BINARY_OPERATOR, COMPOUND_ASSIGNMENT = 111, 112, 113, 114, 115
CONDITIONAL_OPERATOR, CSTYLE_CAST_EXPR, COMPOUND_LITERAL_EXPR, INIT_LIST_EXPR = 116, 117, 118, 119
ADDR_LABEL_EXPR, STMT_EXPR, GENERIC_SELECTION_EXPR, UNARY_EXPR = 120, 121, 122, 136
UNEXPOSED_STMT, LABEL_STMT, COMPOUND_STMT, CASE_STMT, DEFAULT_STMT = 200, 201, 202, 203, 204
IF_STMT, SWITCH_STMT, WHILE_STMT, DO_STMT, FOR_STMT, GOTO_STMT, INDIRECT_GOTO_STMT = 205, 206, 207, 208, 209, 210, 211
CONTINUE_STMT, BREAK_STMT, RETURN_STMT, ASM_STMT, NULL_STMT, DECL_STMT = 212, 213, 214, 215, 230, 231
TRANSLATION_UNIT = 350
UNEXPOSED_ATTR = 400
ANNOTATE_ATTR = 406

EXPRESSIONS = range(100, 200)
STATEMENTS = range(200, 300)

# clang_getCursorUnaryOperatorKind
UNARY_OPERATORS = {1: "post++", 2: "post--", 3: "++", 4: "--", 5: "&", 6: "*", 7: "+", 8: "-", 9: "~", 10: "!", 13: "__extension__"}
# clang_getCursorBinaryOperatorKind
BINARY_OPERATORS = {
    3: "*",
    4: "/",
    5: "%",
    6: "+",
    7: "-",
    8: "<<",
    9: ">>",
    10: "<=>",
    11: "<",
    12: ">",
    13: "<=",
    14: ">=",
    15: "==",
    16: "!=",
    17: "&",
    18: "^",
    19: "|",
    20: "&&",
    21: "||",
    22: "=",
    23: "*",
    24: "/",
    25: "%",
    26: "+",
    27: "-",
    28: "<<",
    29: ">>",
    30: "&",
    31: "^",
    32: "|",
    33: ",",
}
ASSIGN = 22
# Expressions that name a place, with no conversion around them.
LVALUES = frozenset((DECL_REF_EXPR, MEMBER_REF_EXPR, UNARY_OPERATOR, ARRAY_SUBSCRIPT_EXPR, PAREN_EXPR))

# Canonical type kinds
TYPE_VOID, TYPE_BOOL = 2, 3
UNSIGNED_TYPES = frozenset((3, 4, 5, 6, 7, 8, 9, 10, 11, 12))
SIGNED_TYPES = frozenset((13, 14, 15, 16, 17, 18, 19, 20))
TYPE_POINTER, TYPE_RECORD, TYPE_ENUM = 101, 105, 106
TYPE_FUNCTIONS = frozenset((110, 111))
ARRAY_TYPES = frozenset((112, 114, 115, 116))

LINKAGE_INTERNAL, LINKAGE_EXTERNAL = 2, 4
STORAGE_EXTERN, STORAGE_STATIC = 2, 3
