//! RGBA to I420, BT.709, limited range, in integers: the same bytes on every machine.
//!
//! Knows nothing of GStreamer. `videoconvert` was rejected here: its path from RGBA goes through AYUV and costs
//! several times as much.

use engine::codec::Frame;

/// Where the planes of an I420 picture lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planes {
    /// Bytes from row to row for Y, U, V.
    pub(crate) stride: [usize; 3],
    /// Byte offset of each plane.
    pub(crate) offset: [usize; 3],
}

/// Fills an I420 picture. Width and height are even; chroma is the mean of two by two pixels.
pub(crate) fn to_i420(frame: &Frame, planes: Planes, out: &mut [u8]) {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let (luma, chroma) = out.split_at_mut(planes.offset[1]);
    let (u_plane, v_plane) = chroma.split_at_mut(planes.offset[2] - planes.offset[1]);
    let rows = frame.data.chunks_exact(width * 8).take(height / 2).enumerate();
    for (y, two_rows) in rows {
        let (upper, lower) = two_rows.split_at(width * 4);
        for (row, at) in [(upper, 2 * y), (lower, 2 * y + 1)] {
            let out = &mut luma[planes.offset[0] + at * planes.stride[0]..][..width];
            for (pixel, out) in row.chunks_exact(4).zip(out) {
                let [r, g, b] = [i32::from(pixel[0]), i32::from(pixel[1]), i32::from(pixel[2])];
                *out = ((11_966 * r + 40_254 * g + 4_064 * b + (16 << 16) + (1 << 15)) >> 16) as u8;
            }
        }
        let u_row = &mut u_plane[y * planes.stride[1]..][..width / 2];
        let v_row = &mut v_plane[y * planes.stride[2]..][..width / 2];
        let pairs = upper.chunks_exact(8).zip(lower.chunks_exact(8));
        for ((above, below), (u, v)) in pairs.zip(u_row.iter_mut().zip(v_row)) {
            let sum = |i: usize| {
                i32::from(above[i]) + i32::from(above[i + 4]) + i32::from(below[i]) + i32::from(below[i + 4])
            };
            let [r, g, b] = [sum(0), sum(1), sum(2)];
            *u = ((-6_596 * r - 22_189 * g + 28_785 * b + (128 << 18) + (1 << 17)) >> 18).clamp(0, 255) as u8;
            *v = ((28_784 * r - 26_145 * g - 2_639 * b + (128 << 18) + (1 << 17)) >> 18).clamp(0, 255) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(rgb: [u8; 3]) -> [u8; 3] {
        let frame = Frame { width: 2, height: 2, data: [rgb[0], rgb[1], rgb[2], 255].repeat(4) };
        let mut out = [0; 6];
        to_i420(&frame, Planes { stride: [2, 1, 1], offset: [0, 4, 5] }, &mut out);
        [out[0], out[4], out[5]]
    }

    #[test]
    fn known_colours_have_their_bt709_codes() {
        assert_eq!(converted([0, 0, 0]), [16, 128, 128]);
        assert_eq!(converted([255, 255, 255]), [235, 128, 128]);
        assert_eq!(converted([255, 0, 0]), [63, 102, 240]);
        assert_eq!(converted([0, 0, 255]), [32, 240, 118]);
        assert_eq!(converted([128, 128, 128]), [126, 128, 128]);
    }
}
