int run(std::vector<int> &values) {
    int sum = 0;
    for (int &value : values) sum += value;
    int fixed[3] = {1, 2};
    for (int value : fixed) {
        if (value == 2) break;
        sum += value;
    }
    return sum;
}
