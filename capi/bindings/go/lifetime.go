package safetensors

import "sync/atomic"

// lifetime counts the calls that use a C object, so that the object is freed once, after Close and
// after the last of these calls. The zero value is open.
type lifetime struct {
	state atomic.Int64 // closedBit, and callUnit for each call that runs
}

const (
	closedBit = 1
	callUnit  = 2
)

// acquire begins a call, unless Close was called.
func (l *lifetime) acquire() bool {
	for {
		state := l.state.Load()
		if state&closedBit != 0 {
			return false
		}
		if l.state.CompareAndSwap(state, state+callUnit) {
			return true
		}
	}
}

// release ends a call. If it returns true, the caller frees the object.
func (l *lifetime) release() bool {
	return l.state.Add(-callUnit) == closedBit
}

// close lets acquire fail from now on. If it returns true, the caller frees the object.
func (l *lifetime) close() bool {
	for {
		state := l.state.Load()
		if state&closedBit != 0 {
			return false
		}
		if l.state.CompareAndSwap(state, state|closedBit) {
			return state == 0
		}
	}
}
