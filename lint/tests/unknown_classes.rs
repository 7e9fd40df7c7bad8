//! Classes whose headers are missing: what is known of their objects all the same.

mod project;

use project::Project;

fn found(frees: &str) -> Vec<String> {
    let text = format!(
        "#include <cuda_runtime.h>\n#include <vendor/solver.h>\nvoid stop(vendor::Solver *solver) {{\n{frees}\n}}\n"
    );
    Project::new(&[("a.cu", &text)]).found(&["."])
}

#[test]
fn a_member_belongs_to_its_object() {
    let apart = "cudaFree(solver->first.data);\ncudaFree(solver->second.data);";
    assert_eq!(found(apart), Vec::<String>::new());
    let twice = "cudaFree(solver->first.data);\ncudaFree(solver->first.data);";
    assert_eq!(found(twice), ["a.cu:5 device-use-after-free"]);
}
