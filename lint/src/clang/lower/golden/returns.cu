std::vector<int> make(size_t n) {
    std::vector<int> values(n);
    values.push_back(3);
    return values;
}
void use() {
    std::vector<int> mine = make(2);
    mine = make(3);
    make(4);
}
