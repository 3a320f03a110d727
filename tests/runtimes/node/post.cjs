// Posts what the main thread hands over, and wakes it with the status.
'use strict';

const http = require('node:http');
const { parentPort, workerData: state } = require('node:worker_threads');

function wake(status) {
    Atomics.store(state, 1, status);
    Atomics.store(state, 0, 1);
    Atomics.notify(state, 0);
}

parentPort.on('message', ({ url, body, headers }) => {
    const request = http.request(url, {
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
    });
    request.on('response', (response) => response.resume().on('end', () => wake(response.statusCode)));
    request.on('error', () => wake(599));
    request.end(body);
});
