// Stands in for the native part of the client, which posts answers and blocks meanwhile: a worker posts, the main thread
// waits. The next event is fetched by the client itself, by AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1.
'use strict';

const Module = require('node:module');
const path = require('node:path');
const { Worker } = require('node:worker_threads');

const base = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/`;
const state = new Int32Array(new SharedArrayBuffer(8));
const worker = new Worker(path.join(__dirname, 'post.cjs'), {
    workerData: state,
    env: {},
    execArgv: [],
    stdout: false,
    stderr: false,
});
worker.unref();

function post(url, body, headers) {
    Atomics.store(state, 0, 0);
    worker.postMessage({ url, body, headers });
    Atomics.wait(state, 0, 0, 20_000);
    return Atomics.load(state, 1);
}

const native = {
    initializeClient() {},
    next() {
        throw new Error('the alternative client fetches events');
    },
    done(id, body) {
        const status = post(`${base}${id}/response`, body, {});
        if (status > 299) {
            // The words of the native library (runtime.cpp, do_post).
            require('node:fs').writeSync(
                1,
                `[ERROR] [${Date.now()}] LAMBDA_RUNTIME Failed to post handler success response. Http response code: ${status}.\n`,
            );
        }
    },
    error(id, body, xray) {
        post(`${base}${id}/error`, body, { 'lambda-runtime-function-xray-error-cause': xray ? 'given' : '' });
    },
};

const load = Module._load;
Module._load = function (request, ...rest) {
    return request === './rapid-client.node' ? native : load.call(this, request, ...rest);
};
