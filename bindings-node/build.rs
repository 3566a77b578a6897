fn main() {
    napi_build::setup();
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|it| it == value);
    // Nobody reads symbols from a package; they are a third of the file.
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") {
        println!("cargo::rustc-cdylib-link-arg=-s");
    }
}
