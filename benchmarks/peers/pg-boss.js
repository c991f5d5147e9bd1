import { PgBoss } from "pg-boss";

// What a queue tells its workers is set when it is made, so there are two of them.
const queue = process.env.JOBS_BENCH_NOTIFY === "0" ? "quiet" : "bench";

// https://pgboss.io/api/workers: several jobs a fetch, no pause between fetches that come back full, and notifications in place of polls.
const settings = {
    batchSize: Number(process.env.JOBS_BENCH_BATCH_SIZE) || 500,
    localConcurrency: Number(process.env.JOBS_BENCH_CONCURRENCY) || 2,
    burstWhenBatchFull: true,
};

export async function work(tally) {
    const boss = open();
    await boss.start();
    await boss.work(queue, settings, async jobs => tally.begin(jobs.length));
    const watch = setInterval(() => storeWhatHasEnded(boss, tally), 1);
    return async () => {
        clearInterval(watch);
        await boss.stop();
    };
}

export async function connect() {
    const boss = open();
    await boss.start();
    await boss.createQueue("bench", { notify: true });
    await boss.createQueue("quiet");
    return {
        insert: payload => boss.send(queue, payload),
        bulk: payloads => boss.insert(queue, payloads.map(data => ({ data }))),
        close: () => boss.stop(),
    };
}

function open() {
    const boss = new PgBoss({ connectionString: process.env.DATABASE_URL, useListenNotify: true });
    boss.on("error", error => console.error(error));
    return boss;
}

// A worker holds its jobs until the answer to their completion; no event says so.
function storeWhatHasEnded(boss, tally) {
    if (tally.held > 0 && boss.getWipData().every(worker => worker.count === 0))
        tally.store(tally.held);
}
