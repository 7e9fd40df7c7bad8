int run(int kind, bool fast, const char *name) {
    int result;
    switch (kind) {
    case 0:
        result = 1;
    case 1:
        result = fast && kind ? 2 : 3;
        break;
    default:
        return -1;
    }
    while (const char *at = name) name = at + 1;
    return result;
}
