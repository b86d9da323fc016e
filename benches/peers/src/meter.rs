//! What named steps cost.

use std::{fmt, fs, hint::black_box, time::Instant};

/// Nanoseconds, bytes written, nanoseconds of CPU.
type Cost = [u64; 3];

/// Series in the order of their first measurement.
#[derive(Default)]
pub struct Meter(Vec<(String, Vec<Cost>)>);

impl Meter {
    pub fn measure<T>(&mut self, name: &str, step: impl FnOnce() -> T) -> T {
        let (bytes, cpu) = (written(), cpu());
        let begun = Instant::now();
        let answer = black_box(step());
        let wall = begun.elapsed().as_nanos() as u64;
        let cpu = self::cpu() - cpu;
        self.series(name).push([wall, written() - bytes, cpu]);
        answer
    }

    pub fn note(&mut self, name: &str, value: u64) {
        self.series(name).push([value, 0, 0]);
    }

    fn series(&mut self, name: &str) -> &mut Vec<Cost> {
        let index = self.0.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.0.push((name.to_owned(), Vec::new()));
            self.0.len() - 1
        });
        &mut self.0[index].1
    }
}

/// `name<tab>wall:bytes:cpu wall:bytes:cpu ...`, a line for each series.
impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, values) in &self.0 {
            let values: Vec<String> = values.iter().map(|[wall, bytes, cpu]| format!("{wall}:{bytes}:{cpu}")).collect();
            writeln!(f, "{name}\t{}", values.join(" "))?;
        }
        Ok(())
    }
}

fn field(path: &str, name: &str) -> u64 {
    let text = fs::read_to_string(path).expect("the kernel counts");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a count");
    line.trim_end_matches("kB").trim().parse().expect("a number")
}

/// Bytes that this process has given to `write` and its kin.
fn written() -> u64 {
    field("/proc/self/io", "wchar:")
}

/// Nanoseconds of CPU that this process has used.
fn cpu() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

pub fn peak_kilobytes() -> u64 {
    field("/proc/self/status", "VmHWM:")
}
