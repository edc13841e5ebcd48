//! Tensors: typed views, copies, writable tensors, elements.

use crate::scratch::{sample, status, write_sample, Scratch};
use libsafetensors::*;

fn file_with(dtype: Dtype, shape: &[u64], bytes: &[u8]) -> File<'static> {
    let tensor = SaveTensor::bytes("x", dtype, shape, bytes);
    File::from_bytes(save_to_vec(&[tensor], &SaveOptions::new()).unwrap()).unwrap()
}

#[test]
fn views() {
    let file = File::from_bytes(sample()).unwrap();
    let weight = file.get("weight").unwrap();
    drop(file);
    assert_eq!((weight.name(), weight.dtype()), ("weight", Dtype::F32));
    assert_eq!((weight.shape(), weight.nbytes()), (&[3u64, 4][..], 48));
    assert_eq!(weight.as_slice::<f32>().unwrap()[6], 6.0);
    assert_eq!(
        weight.as_bytes(),
        bytes_of(&weight.to_vec::<f32>().unwrap())
    );
    assert_eq!(weight.as_ref(), weight.as_bytes());
    assert_eq!(status(weight.as_slice::<i32>()), Status::InvalidArgument);
    assert_eq!(status(weight.to_vec::<u8>()), Status::InvalidArgument);
    assert_eq!(weight.as_mut_ptr(), None);
    assert!(format!("{weight:?}").contains("weight"));
}

#[test]
fn elements_view_their_dtypes() {
    assert_eq!(
        file_with(Dtype::I16, &[2], &[255, 255, 1, 0])
            .read::<i16>("x")
            .unwrap(),
        [-1, 1]
    );
    assert_eq!(
        file_with(Dtype::Bf16, &[1], &[128, 63])
            .read::<u16>("x")
            .unwrap(),
        [0x3f80]
    );
    assert_eq!(
        file_with(Dtype::Bool, &[2], &[1, 2])
            .read::<u8>("x")
            .unwrap(),
        [1, 2]
    );
    let complex = bytes_of(&[1.5f32, -2.0]).to_vec();
    assert_eq!(
        file_with(Dtype::C64, &[1], &complex)
            .read::<[f32; 2]>("x")
            .unwrap(),
        [[1.5, -2.0]]
    );
    let packed = file_with(Dtype::F4, &[4], &[0x21, 0x43]);
    assert_eq!(status(packed.read::<u8>("x")), Status::InvalidArgument);
    assert_eq!(packed.read_bytes("x").unwrap(), [0x21, 0x43]);
    for (dtype, nbytes) in [
        (Dtype::U64, 8),
        (Dtype::I64, 8),
        (Dtype::F64, 8),
        (Dtype::U32, 4),
    ] {
        let file = file_with(dtype, &[1], &vec![0; nbytes]);
        let viewed = [
            file.read::<u64>("x").is_ok(),
            file.read::<i64>("x").is_ok(),
            file.read::<f64>("x").is_ok(),
            file.read::<u32>("x").is_ok(),
        ];
        assert_eq!(
            viewed.iter().filter(|viewed| **viewed).count(),
            1,
            "{dtype}"
        );
    }
}

#[test]
fn own_elements() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(transparent)]
    struct Half(u16);
    // SAFETY: a transparent wrapper of u16.
    unsafe impl Element for Half {
        const DTYPE: Dtype = Dtype::F16;
    }
    let values = [Half(0x3c00)];
    let tensor = SaveTensor::new("x", &[1], &values);
    let file = File::from_bytes(save_to_vec(&[tensor], &SaveOptions::new()).unwrap()).unwrap();
    assert_eq!(file.find("x").unwrap().dtype, Dtype::F16);
    assert_eq!(file.get("x").unwrap().as_slice::<Half>().unwrap(), values);
}

#[test]
fn empty_tensors() {
    let file = file_with(Dtype::F64, &[0, 3], &[]);
    let x = file.get("x").unwrap();
    assert_eq!(x.as_slice::<f64>().unwrap(), []);
    assert_eq!(x.to_vec::<f64>().unwrap(), []);
    assert_eq!(file.read::<f64>("x").unwrap(), []);
    assert_eq!(file.read_slice::<f64>("x", &[0..0, 1..2]).unwrap(), []);
}

#[test]
fn writable_tensors_have_memory_of_their_own() {
    let scratch = Scratch::new();
    let path = scratch.path("a.safetensors");
    write_sample(&path);
    let writable = OpenOptions::new().access(Access::Writable);
    let bytes = sample();
    for file in [
        writable.open(&path).unwrap(),
        writable.from_bytes(&bytes).unwrap(),
    ] {
        let mut one = file.get_mut("bias").unwrap();
        let mut two = file.get_mut("bias").unwrap();
        one.as_mut_slice::<f32>().unwrap()[0] = 9.0;
        two.as_mut_bytes()[4..8].copy_from_slice(&8f32.to_le_bytes());
        assert_eq!(one.as_slice::<f32>().unwrap(), [9.0, 1.5, 2.5]);
        assert_eq!(two.as_bytes(), bytes_of(&[0.5f32, 8.0, 2.5]));
        assert_eq!(status(one.as_mut_slice::<i32>()), Status::InvalidArgument);
        assert_eq!(two.info().name, "bias");
        drop(two);
        let frozen = one.freeze();
        assert_eq!(frozen.clone().as_slice::<f32>().unwrap()[0], 9.0);
        assert_eq!(file.read::<f32>("bias").unwrap(), [0.5, 1.5, 2.5]);
    }
    assert_eq!(bytes, sample());
}

#[test]
fn exclusive_tensors_need_access_and_no_mapping() {
    let scratch = Scratch::new();
    let path = scratch.path("a.safetensors");
    write_sample(&path);
    let read_only = File::open(&path).unwrap();
    assert_eq!(status(read_only.get_mut("bias")), Status::Unsupported);
    assert_eq!(status(read_only.get_mut("absent")), Status::TensorNotFound);
    // SAFETY: nothing modifies the file.
    let options = unsafe { OpenOptions::new().backend(Backend::Mmap) };
    let mapped = options.access(Access::Writable).open(&path).unwrap();
    assert_eq!(status(mapped.get_mut("bias")), Status::Unsupported);
    assert_eq!(status(mapped.clone().get_mut("bias")), Status::Unsupported);
    let tensor = mapped.get("bias").unwrap();
    // SAFETY: no slice of the bytes exists, and no other thread accesses them.
    unsafe {
        tensor
            .as_mut_ptr()
            .unwrap()
            .as_ptr()
            .cast::<f32>()
            .write(9.0)
    };
    assert_eq!(tensor.as_slice::<f32>().unwrap(), [9.0, 1.5, 2.5]);
}
