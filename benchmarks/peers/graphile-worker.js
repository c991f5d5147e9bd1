import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";

const connectionString = process.env.DATABASE_URL;
const task = "bench";

// The settings of https://worker.graphile.org/docs/performance, with a larger local queue, which is faster here.
const concurrentJobs = Number(process.env.JOBS_BENCH_CONCURRENCY) || 24;
const preset = {
    worker: {
        concurrentJobs,
        maxPoolSize: concurrentJobs + 1,
        localQueue: { size: Number(process.env.JOBS_BENCH_LOCAL_QUEUE) || 2_000 },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
        // Its own prints to the standard output, which the bench reads.
        logger: new Logger(() => (level, message) => {
            if (level === "error" || level === "warning")
                console.error(message);
        }),
    },
};

export async function work(tally) {
    const pool = openPool(preset.worker.maxPoolSize);
    pool.on("connect", client => countDeleted(client, tally));
    const runner = await run({ preset, pgPool: pool, noHandleSignals: true, taskList: { [task]: () => tally.begin(1) } });
    return async () => {
        await runner.stop();
        await pool.end();
    };
}

export async function connect() {
    const pool = openPool(preset.worker.maxPoolSize);
    const utils = await makeWorkerUtils({ preset, pgPool: pool });
    await utils.migrate();
    return {
        insert: payload => utils.addJob(task, payload),
        bulk: payloads => bulk(pool, payloads),
        async close() {
            await utils.release();
            await pool.end();
        },
    };
}

// The function add_jobs of https://worker.graphile.org/docs/sql-add-job, called so that the rows are not sent back, which utils.addJobs waits for.
async function bulk(pool, payloads) {
    const specs = payloads.map(payload => ({ identifier: task, payload }));
    await pool.query(
        "select 1 from graphile_worker.add_jobs(array(select json_populate_recordset(null::graphile_worker.job_spec, $1::json)))",
        [JSON.stringify(specs)]);
}

// A job that has ended is a row that has been deleted. No event says so of a job whose completion was put off to be sent with others.
function countDeleted(client, tally) {
    const query = client.query.bind(client);
    client.query = (...args) => {
        const answer = query(...args);
        return typeof answer?.then !== "function" ? answer : answer.then(result => {
            if (result.command === "DELETE")
                tally.store(result.rowCount);
            return result;
        });
    };
}

function openPool(max) {
    const pool = new pg.Pool({ connectionString, max });
    pool.on("error", error => console.error(error));
    pool.on("connect", client => client.on("error", error => console.error(error)));
    return pool;
}
