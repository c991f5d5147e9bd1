// How a peer's program talks with the bench; ../README.md has the whole of it. A line is an event, a count and a time.

/** CLOCK_MONOTONIC in nanoseconds, which all processes of a machine share. */
export const now = () => process.hrtime.bigint();

export const say = (event, count, time) => process.stdout.write(`${event} ${count} ${time}\n`);

/** What has become of the jobs of this process. */
export class Tally {
    #tellsEach = process.env.JOBS_BENCH_TELL_EACH === "1";
    #began = 0;
    #stored = 0;
    #storedAt;
    #told = 0;
    #timer = setInterval(() => this.#tellIfIdle(), 50);

    /** Jobs that have begun and are not yet known to be stored as ended. */
    get held() {
        return this.#began - this.#stored;
    }

    /** The first line of a job, or of a handler that gets several at once. */
    begin(jobs) {
        if (this.#began === 0 || this.#tellsEach) {
            const at = now();
            if (this.#began === 0)
                say("first", 1, at);
            if (this.#tellsEach)
                say("began", this.#began + jobs, at);
        }
        this.#began += jobs;
    }

    /** So many more have ended, and the database has said that it knows. */
    store(jobs) {
        this.#stored += jobs;
        this.#storedAt = now();
    }

    close() {
        clearInterval(this.#timer);
    }

    // The time is that of the last job, so that it does not matter how late it is told.
    #tellIfIdle() {
        if (this.held === 0 && this.#stored !== this.#told) {
            this.#told = this.#stored;
            say("idle", this.#stored, this.#storedAt);
        }
    }
}
