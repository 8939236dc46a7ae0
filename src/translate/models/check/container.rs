//! Marian's binary container (`src/common/binary.cpp` of marian-dev): a header, the names, the shapes and the data of named tensors, all
//! little-endian.

use std::collections::HashMap;

use super::UnusableModel;

/// The most tensors. The largest model of the catalogue has a few hundred.
const MAX_TENSORS: u64 = 4096;
/// The longest name in bytes.
const MAX_NAME: u64 = 256;
/// The most dimensions, and the most elements of a tensor.
const MAX_RANK: u64 = 4;
const MAX_ELEMENTS: usize = 1 << 28;

/// The types of tensors that occur (`src/common/types.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TensorType {
    /// Bytes: the embedded configuration.
    Int8,
    /// 32-bit floats.
    Float32,
    /// Quantised weights, each matrix followed by its multiplier.
    Intgemm8,
}

impl TensorType {
    fn from_raw(raw: u64) -> Option<Self> {
        Some(match raw {
            0x0101 => Self::Int8,
            0x0404 => Self::Float32,
            0x4101 => Self::Intgemm8,
            _ => return None,
        })
    }

    /// Returns the bytes that this many elements take at least.
    fn bytes(self, elements: usize) -> usize {
        match self {
            Self::Int8 => elements,
            Self::Float32 => elements * 4,
            Self::Intgemm8 => elements + 4,
        }
    }
}

/// A tensor: its type, its shape, and its data with whatever padding follows.
#[derive(Clone, Debug)]
pub(super) struct Tensor<'a> {
    pub(super) kind: TensorType,
    pub(super) shape: Vec<usize>,
    pub(super) data: &'a [u8],
}

impl Tensor<'_> {
    /// Returns the number of elements.
    pub(super) fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// Returns the values of a float tensor.
    pub(super) fn floats(&self) -> impl Iterator<Item = f32> {
        self.data.chunks_exact(4).take(self.elements()).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    }

    /// Returns the multiplier that follows quantised weights.
    pub(super) fn multiplier(&self) -> Option<f32> {
        let at = self.elements();
        let bytes = self.data.get(at..at + 4)?;
        Some(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }
}

/// The tensors of a model by name.
pub(super) type Container<'a> = HashMap<String, Tensor<'a>>;

struct Header {
    name: usize,
    kind: TensorType,
    rank: usize,
    data: usize,
}

/// Reads a container. Nothing is allocated on the strength of a number in the file alone.
pub(super) fn read_container(bytes: &[u8]) -> Result<Container<'_>, UnusableModel> {
    let mut reader = Reader { bytes };
    let version = reader.u64()?;
    if version != 1 {
        return Err(UnusableModel::new(format!("it is no Marian model of version 1 (its version is {version})")));
    }
    let count = reader.bounded("number of tensors", MAX_TENSORS)?;
    let headers = (0..count).map(|_| reader.header()).collect::<Result<Vec<_>, _>>()?;
    let names = headers.iter().map(|header| reader.name(header.name)).collect::<Result<Vec<_>, _>>()?;
    let shapes = headers.iter().map(|header| reader.shape(header.rank)).collect::<Result<Vec<_>, _>>()?;
    let padding = reader.bounded("padding", u64::MAX)?;
    reader.take(padding)?;
    let mut container = Container::with_capacity(count);
    for ((header, name), shape) in headers.iter().zip(names).zip(shapes) {
        let tensor = Tensor { kind: header.kind, shape, data: reader.take(header.data)? };
        let needed = header.kind.bytes(tensor.elements());
        if tensor.data.len() < needed {
            return Err(UnusableModel::new(format!("`{name}` has {} bytes instead of {needed}", tensor.data.len())));
        }
        if container.insert(name.clone(), tensor).is_some() {
            return Err(UnusableModel::new(format!("`{name}` is there twice")));
        }
    }
    Ok(container)
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], UnusableModel> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or_else(|| UnusableModel::new("the file is cut"))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn u64(&mut self) -> Result<u64, UnusableModel> {
        let bytes = self.take(8)?;
        Ok(u64::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]]))
    }

    fn bounded(&mut self, what: &str, most: u64) -> Result<usize, UnusableModel> {
        let number = self.u64()?;
        let refuse = || UnusableModel::new(format!("its {what} is {number}"));
        if number > most { Err(refuse()) } else { usize::try_from(number).map_err(|_| refuse()) }
    }

    fn header(&mut self) -> Result<Header, UnusableModel> {
        let name = self.bounded("longest name", MAX_NAME)?;
        let raw = self.u64()?;
        let kind = TensorType::from_raw(raw)
            .ok_or_else(|| UnusableModel::new(format!("it has weights of the type {raw:#x}, which is not known")))?;
        let rank = self.bounded("number of dimensions", MAX_RANK)?;
        Ok(Header { name, kind, rank, data: self.bounded("size", u64::MAX)? })
    }

    fn name(&mut self, length: usize) -> Result<String, UnusableModel> {
        let raw = self.take(length)?;
        let end = raw.iter().position(|byte| *byte == 0).unwrap_or(length);
        let is_plain = raw[..end].iter().all(u8::is_ascii_graphic);
        let name = str::from_utf8(&raw[..end]).ok().filter(|name| is_plain && !name.is_empty());
        name.map(str::to_owned).ok_or_else(|| UnusableModel::new("a tensor has no readable name"))
    }

    fn shape(&mut self, rank: usize) -> Result<Vec<usize>, UnusableModel> {
        let mut shape = Vec::with_capacity(rank);
        let mut elements = 1_usize;
        for _ in 0..rank {
            let bytes = self.take(4)?;
            let size = i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            let size = usize::try_from(size).ok().filter(|size| *size > 0);
            let size = size.ok_or_else(|| UnusableModel::new("a tensor has a dimension without elements"))?;
            elements = elements.checked_mul(size).filter(|elements| *elements <= MAX_ELEMENTS).unwrap_or(usize::MAX);
            shape.push(size);
        }
        if elements > MAX_ELEMENTS { Err(UnusableModel::new("a tensor is too large")) } else { Ok(shape) }
    }
}
