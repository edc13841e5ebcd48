//! Reads a file, shows what it has, and writes another one. Usage: example INPUT OUTPUT

use libsafetensors::{save, Error, File, Order, Result, SaveOptions, SaveTensor, Tensor};
use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [input, output] => run(input, output),
        _ => {
            eprintln!("usage: example INPUT OUTPUT");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", error.status());
            ExitCode::FAILURE
        }
    }
}

fn run(input: &str, output: &str) -> Result<()> {
    // SAFETY: nobody modifies the file in place while this program runs.
    let file = unsafe { File::map(input) }?;
    describe(input, &file);

    // The bytes of a tensor outlive the file.
    let weight: Tensor<'static> = file.get("weight")?;
    let bias: Vec<f32> = file.read("bias")?;
    let slice: Vec<f32> = file.read_slice("weight", &[0..2, 1..3])?;
    let absent = file.get("absent").unwrap_err();
    drop(file);

    let columns = weight.shape()[1] as usize;
    println!("weight[1][2] = {}", weight.as_slice::<f32>()?[columns + 2]);
    println!("bias = {}", join(&bias, " "));
    println!("slice = {}", join(&slice, " "));

    show(&File::open(format!("{input}.missing")).unwrap_err());
    show(&File::from_bytes([b'x'; 16]).unwrap_err());
    show(&absent);

    let doubled: Vec<f32> = weight.as_slice::<f32>()?.iter().map(|x| 2.0 * x).collect();
    let tensors = [
        SaveTensor::new("bias", &[3], &bias),
        SaveTensor::new("doubled", weight.shape(), &doubled),
    ];
    save(
        output,
        &tensors,
        &SaveOptions::new().metadata("format", "pt"),
    )?;
    println!("wrote {output}");
    Ok(())
}

fn describe(path: &str, file: &File<'_>) {
    println!("{path}: {} tensors", file.len());
    for (key, value) in file.metadata() {
        println!("{key} = {value}");
    }
    for tensor in file.tensors(Order::Name) {
        let shape = join(tensor.shape, ", ");
        println!(
            "{} {} [{shape}] {} bytes",
            tensor.name, tensor.dtype, tensor.nbytes
        );
    }
}

fn show(error: &Error) {
    println!("{}: {error}", error.status());
}

fn join<T: ToString>(values: &[T], separator: &str) -> String {
    let values: Vec<String> = values.iter().map(T::to_string).collect();
    values.join(separator)
}
