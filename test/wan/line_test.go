package wan

import (
	"slices"
	"testing"
	"time"
)

const ms = time.Millisecond

func TestDueTimes(t *testing.T) {
	type step struct {
		now  time.Duration
		size int
		due  time.Duration
	}
	for _, c := range []struct {
		name   string
		config Config
		steps  []step
	}{
		{"nothing set", Config{}, []step{{0, 1500, 0}, {0, 1500, 0}, {7 * ms, 40, 7 * ms}}},
		{"half the round trip", Config{RTT: 40 * ms}, []step{{0, 1500, 20 * ms}, {5 * ms, 40, 25 * ms}}},
		{"one after another", Config{Rate: 1_000_000}, []step{{0, 1000, 1 * ms}, {0, 1000, 2 * ms}, {5 * ms, 500, 5*ms + 500*time.Microsecond}}},
		{"rate and delay", Config{RTT: 10 * ms, Rate: 1_000_000}, []step{{0, 1000, 6 * ms}, {0, 2000, 8 * ms}, {2 * ms, 1000, 9 * ms}}},
		{"idle time is not saved up", Config{Rate: 1_000_000}, []step{{0, 1000, 1 * ms}, {100 * ms, 1000, 101 * ms}, {100 * ms, 1000, 102 * ms}}},
	} {
		l := newLine(c.config, 0)
		for i, s := range c.steps {
			if due, f := l.accept(s.now, s.size); due != s.due || f != delivered {
				t.Errorf("%s, packet %d: due at %v, fate %d; want %v, delivered", c.name, i, due, f, s.due)
			}
		}
	}
}

func TestQueueIsDropTail(t *testing.T) {
	l := newLine(Config{Rate: 1_000_000, Queue: 3000}, 0)
	var fates []fate
	for range 5 {
		_, f := l.accept(0, 1000) // the first 3 are 3000 bytes: one in transmission and two waiting
		fates = append(fates, f)
	}
	if want := []fate{delivered, delivered, delivered, dropped, dropped}; !slices.Equal(fates, want) {
		t.Errorf("fates %v, want %v", fates, want)
	}
	if due, f := l.accept(1*ms, 1000); f != delivered || due != 4*ms {
		t.Errorf("when one has gone: due at %v, fate %d; want 4ms, delivered", due, f)
	}
	if got, want := l.counted(), (Count{Packets: 4, Bytes: 4000, Dropped: 2}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

// An idle link takes a packet that is larger than its queue.
func TestQueueHoldsOnePacket(t *testing.T) {
	l := newLine(Config{Rate: 1_000_000, Queue: 100}, 0)
	if _, f := l.accept(0, 1500); f != delivered {
		t.Errorf("fate %d, want delivered", f)
	}
	if _, f := l.accept(0, 1500); f != dropped {
		t.Errorf("the second: fate %d, want dropped", f)
	}
}

func TestLossFollowsTheSeed(t *testing.T) {
	fates := func(seed, number uint64) (all []fate) {
		l := newLine(Config{Loss: 0.1, Seed: seed}, number)
		for range 10000 {
			_, f := l.accept(0, 100)
			all = append(all, f)
		}
		if n := l.counted(); n.Packets != 10000 || n.Lost < 900 || n.Lost > 1100 {
			t.Errorf("seed %d: %+v, want about 1000 of 10000 lost", seed, n)
		}
		return all
	}
	if !slices.Equal(fates(1, 0), fates(1, 0)) {
		t.Error("the same seed loses other packets")
	}
	if slices.Equal(fates(1, 0), fates(2, 0)) {
		t.Error("another seed loses the same packets")
	}
	if slices.Equal(fates(1, 0), fates(1, 1)) {
		t.Error("the other direction loses the same packets")
	}
}

func TestShorterDelayDoesNotReorder(t *testing.T) {
	l := newLine(Config{RTT: 100 * ms}, 0)
	first, _ := l.accept(0, 100)
	l.setDelay(1 * ms)
	second, _ := l.accept(10*ms, 100)
	third, _ := l.accept(90*ms, 100)
	if first != 50*ms || second != 50*ms || third != 91*ms {
		t.Errorf("due at %v, %v, %v; want 50ms, 50ms, 91ms", first, second, third)
	}
}

func TestCutLosesAll(t *testing.T) {
	l := newLine(Config{}, 0)
	for i, want := range []fate{delivered, lost, lost, delivered} {
		l.setCut(want == lost)
		if _, got := l.accept(time.Duration(i)*ms, 100); got != want {
			t.Errorf("packet %d: %v, want %v", i, got, want)
		}
	}
}
