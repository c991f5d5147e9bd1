// node main.js PEER work|call, started by ./bench peers. `work` works jobs until its input ends; `call` stores those that its input asks for.
import { createInterface } from "node:readline";
import { now, say, Tally } from "./protocol.js";

// graphile-worker reads it when it is loaded. Its own performance test sets it too.
process.env.NO_LOG_SUCCESS = "1";

const [name, mode] = process.argv.slice(2);
const peer = await import(`./${name}.js`);
await { work, call }[mode]();

async function work() {
    const ended = new Promise(resolve => process.stdin.on("end", resolve).resume());
    say("start", 0, now());
    const tally = new Tally();
    const stop = await peer.work(tally);
    await ended;
    tally.close();
    await stop();
}

async function call() {
    const client = await peer.connect();
    say("ready", 0, now());
    for await (const line of createInterface({ input: process.stdin })) {
        const [command, count, callers] = line.split(" ");
        const jobs = Number(count);
        // Made before the clock starts, where all peers get theirs from a list.
        const payloads = Array.from({ length: jobs }, (_, index) => ({ number: index + 1 }));
        const calledAt = now();
        await (command === "bulk" ? client.bulk(payloads) : insertEach(client, payloads, Number(callers)));
        const doneAt = now();
        say("called", jobs, calledAt);
        say("done", jobs, doneAt);
    }
    await client.close();
}

/** One job a call, with so many callers at once. */
async function insertEach(client, payloads, callers) {
    let next = 0;
    const caller = async () => {
        while (next < payloads.length)
            await client.insert(payloads[next++]);
    };
    await Promise.all(Array.from({ length: callers }, caller));
}
