//! Memory for the windows of decompressors (zstd windows, xz dictionaries): one bound for all inputs of a run.
//!
//! An input waits for room only while it holds none, so inputs cannot wait for each other. Where its layers are nested, it
//! therefore takes all the room there is before the first of them takes any, and the others take from that: what an input
//! may take depends on the input alone, never on what is read beside it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::fault::Fault;

/// Bytes of all windows of a run.
pub(super) const MOST: u64 = 128 * 1024 * 1024;
/// Bytes of a window that need no room: not more than a read buffer.
pub(super) const FREE: u64 = 256 * 1024;

/// Room for windows, which all threads of a run share.
#[derive(Clone, Debug, Default)]
pub(crate) struct WindowMemory(Arc<SharedWindows>);

#[derive(Debug, Default)]
struct SharedWindows {
    room: Mutex<WindowRoom>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct WindowRoom {
    taken: u64,
    /// Numbers of the next to wait, and of the next to be served: in turn, or small windows would keep large ones waiting.
    last: u64,
    next: u64,
}

impl WindowMemory {
    fn lock(&self) -> MutexGuard<'_, WindowRoom> {
        self.0.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes room as soon as there is some.
    fn wait_for(&self, bytes: u64) {
        let mut room = self.lock();
        let turn = room.last;
        room.last += 1;
        while room.next != turn || room.taken + bytes > MOST {
            room = self.0.changed.wait(room).unwrap_or_else(PoisonError::into_inner);
        }
        room.next += 1;
        room.taken += bytes;
        drop(room);
        self.0.changed.notify_all();
    }

    /// Takes room if there is some and nobody waits for it.
    fn take(&self, bytes: u64) -> bool {
        let mut room = self.lock();
        let free = room.next == room.last && room.taken + bytes <= MOST;
        room.taken += if free { bytes } else { 0 };
        free
    }

    fn give_back(&self, bytes: u64) {
        self.lock().taken -= bytes;
        self.0.changed.notify_all();
    }
}

/// Windows of one input.
#[derive(Clone, Debug)]
pub(super) struct InputWindows {
    memory: WindowMemory,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    /// Bytes taken of the room of the run, and those of them that windows use.
    taken: u64,
    used: u64,
    /// Number of layers with a window.
    layers: usize,
}

impl InputWindows {
    pub(super) fn new(memory: &WindowMemory) -> Self {
        Self { memory: memory.clone(), held: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a layer with a window.
    pub(super) fn layer(&self, command: &'static str) -> LayerWindow {
        self.lock().layers += 1;
        LayerWindow { of: self.clone(), bytes: 0, command }
    }
}

/// Room for the window of one layer, given back at its end.
#[derive(Debug)]
pub(super) struct LayerWindow {
    of: InputWindows,
    bytes: u64,
    command: &'static str,
}

impl LayerWindow {
    /// Returns how many bytes it has room for.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Fails for a window that is too large for any run.
    pub(super) fn check(&self, need: u64) -> Result<(), Fault> {
        if need > MOST {
            return Err(Fault::Window { need, most: MOST, command: self.command });
        }
        Ok(())
    }

    /// Takes room for a window that needs so many bytes now and `most` in the end, and waits for it if need be: a layer that
    /// stands alone takes all of it, and must not hold a window when it does. `nested` says whether another layer with a
    /// window stands inside of this one.
    pub(super) fn take(&mut self, need: u64, most: u64, nested: bool) -> Result<(), Fault> {
        self.check(most)?;
        if need <= self.bytes {
            return Ok(());
        }
        let mut need = need;
        let mut held = self.of.lock();
        let beside = held.used - self.bytes;
        if beside + need > held.taken {
            if beside == 0 {
                let taken = std::mem::take(&mut held.taken);
                let all = nested || held.layers > 1;
                // Nobody else looks at what this input holds: its layers are read by one thread.
                self.of.memory.give_back(taken);
                need = if all { need } else { most };
                held.taken = if all { MOST } else { need };
                self.of.memory.wait_for(held.taken);
            } else {
                let more = beside + need - held.taken;
                if beside + need > MOST || !self.of.memory.take(more) {
                    return Err(Fault::Window { need: beside + most, most: MOST, command: self.command });
                }
                held.taken += more;
            }
        }
        held.used = beside + need;
        drop(held);
        self.bytes = need;
        Ok(())
    }

    /// Gives the room back. The layer holds no window any more.
    pub(super) fn give_back(&mut self) {
        let mut held = self.of.lock();
        held.used -= std::mem::take(&mut self.bytes);
        if held.used == 0 {
            let taken = std::mem::take(&mut held.taken);
            drop(held);
            self.of.memory.give_back(taken);
        }
    }
}

impl Drop for LayerWindow {
    fn drop(&mut self) {
        self.give_back();
        self.of.lock().layers -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn inputs_wait_for_each_other_and_layers_do_not() {
        let memory = WindowMemory::default();
        let taken = AtomicU64::new(0);
        // Every thread reads inputs of every kind: one layer or several, small ones and those that take everything.
        let read = |seed: u64| {
            for turn in 0..200 {
                let input = InputWindows::new(&memory);
                let layers = (seed + turn) % 4 + 1;
                let mut held: Vec<LayerWindow> = Vec::new();
                let mut all = 0;
                for number in 0..layers {
                    let mut layer = input.layer("");
                    let need = match layers {
                        1 => [1, 8, 64, 128][(turn % 4) as usize] * MIB,
                        _ => 128 * MIB / layers,
                    };
                    layer.take(need, need, number + 1 < layers).expect("room for it");
                    all += need;
                    held.push(layer);
                    assert!(taken.fetch_add(need, Ordering::SeqCst) + need <= MOST);
                }
                thread::yield_now();
                taken.fetch_sub(all, Ordering::SeqCst);
            }
        };
        thread::scope(|scope| {
            (0..4).for_each(|seed| drop(scope.spawn(move || read(seed))));
        });
        assert_eq!(memory.lock().taken, 0);
    }

    #[test]
    fn layers_of_one_input_share_the_bound() {
        let input = InputWindows::new(&WindowMemory::default());
        let (mut outer, mut inner) = (input.layer(""), input.layer(""));
        outer.take(64 * MIB, 64 * MIB, true).expect("room");
        assert!(inner.take(65 * MIB, 65 * MIB, false).is_err());
        // Windows that are not filled yet need less.
        inner.take(MIB, 128 * MIB, false).expect("room");
        inner.take(64 * MIB, 128 * MIB, false).expect("room");
        inner.give_back();
        // A layer may ask for more later.
        outer.take(128 * MIB, 128 * MIB, true).expect("room");
        assert!(outer.take(129 * MIB, 129 * MIB, true).is_err());
    }
}
