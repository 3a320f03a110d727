// The scenarios of the Node.js client: what a function does, and what its attempts must be called. See scenarios.py
// for the meaning of the fields; `also_json` are codes that are right as well where the client writes JSON, because the
// function then writes byte for byte what the client does.
// `node scenarios.js --list FOLDER` prints the table, and writes the modules that fail to load into the folder.
'use strict';

const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

const table = [];
const PEERS = JSON.parse(process.env.PEERS ?? '{}');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const url = (place, peer = 'web') => `http://${PEERS[peer]}${place}`;
const portOf = (peer) => Number(PEERS[peer].split(':')[1]);

function scenario(handler, what, code, more, does) {
    const name = handler.replace(/[A-Z]/g, (letter) => '-' + letter.toLowerCase());
    table.push({ name, handler: `scenarios.${handler}`, what, code, ...more });
    exports[handler] = does;
}

const sources = {};
function source(name, what, code, text, more = {}) {
    const file = name.replaceAll('-', '_') + (more.extension ?? '.js');
    sources[file] = text;
    const { extension, handler, ...rest } = more;
    table.push({ name, handler: handler ?? `${name.replaceAll('-', '_')}.handler`, what, code, ...rest });
}

// --- AWS SDK v3 ------------------------------------------------------------------------------------------------------

function v3(kind, answer, peer = 'web', attempts = 1) {
    const [module, client] = {
        dynamodb: ['@aws-sdk/client-dynamodb', 'DynamoDBClient'],
        s3: ['@aws-sdk/client-s3', 'S3Client'],
        sqs: ['@aws-sdk/client-sqs', 'SQSClient'],
        lambda: ['@aws-sdk/client-lambda', 'LambdaClient'],
        sfn: ['@aws-sdk/client-sfn', 'SFNClient'],
        secrets: ['@aws-sdk/client-secrets-manager', 'SecretsManagerClient'],
    }[kind];
    const sdk = require(module);
    const requestHandler = { requestTimeout: peer === 'hang' ? 400 : 8000, connectionTimeout: 8000, throwOnRequestTimeout: true };
    return [new sdk[client]({ endpoint: url(answer, peer), maxAttempts: attempts, requestHandler, forcePathStyle: true, useQueueUrlAsEndpoint: false }), sdk];
}

const item = { id: { S: '7' } };
const put = async (answer, peer, attempts) => {
    const [client, sdk] = v3('dynamodb', answer, peer, attempts);
    return client.send(new sdk.PutItemCommand({ TableName: 'orders', Item: item }));
};

scenario('v3DynamodbThrottled', 'DynamoDB throttles a write, retries included', 'downstream.throttled',
    { service: 'DynamoDB', error_code: 'ProvisionedThroughputExceededException', http_status: 400, fixture: true },
    () => put('/aws/ProvisionedThroughputExceededException/400', 'web', 2));
scenario('v3DynamodbConditional', 'a conditional write fails', 'downstream.conflict',
    { service: 'DynamoDB', error_code: 'ConditionalCheckFailedException', http_status: 400 },
    () => put('/aws/ConditionalCheckFailedException/400'));
scenario('v3DynamodbTransaction', 'a transaction is cancelled for a condition', 'downstream.conflict',
    { service: 'DynamoDB', error_code: 'TransactionCanceledException' },
    async () => {
        const [client, sdk] = v3('dynamodb', '/aws/TransactionCanceledException/400');
        await client.send(new sdk.TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName: 'orders', Item: item } }] }));
    });
scenario('v3DynamodbDenied', 'the role may not write', 'downstream.auth',
    { service: 'DynamoDB', error_code: 'AccessDeniedException' }, () => put('/aws/AccessDeniedException/400'));
scenario('v3DynamodbNoTable', 'the table does not exist', 'downstream.not_found',
    { service: 'DynamoDB', error_code: 'ResourceNotFoundException' }, () => put('/aws/ResourceNotFoundException/400'));
scenario('v3DynamodbExpired', 'the credentials have expired', 'downstream.auth',
    { error_code: 'ExpiredTokenException' }, () => put('/aws/ExpiredTokenException/400'));
scenario('v3Dynamodb5xx', 'DynamoDB answers 500', 'downstream.unavailable',
    { service: 'DynamoDB', error_code: 'InternalServerError', http_status: 500 }, () => put('/aws/InternalServerError/500'));
scenario('v3DynamodbRefused', 'nobody listens at the endpoint', 'downstream.connection', { host: 'closed' }, () => put('/', 'closed'));
scenario('v3DynamodbReset', 'the connection is reset', 'downstream.connection', {}, () => put('/', 'reset'));
scenario('v3DynamodbHangs', 'the endpoint does not answer', 'downstream.timeout', {}, () => put('/', 'hang'));
scenario('v3S3NoKey', 'the object does not exist', 'downstream.not_found', { service: 'S3', error_code: 'NoSuchKey', http_status: 404 }, async () => {
    const [client, sdk] = v3('s3', '/aws/NoSuchKey/404');
    await client.send(new sdk.GetObjectCommand({ Bucket: 'orders', Key: '7.json' }));
});
scenario('v3S3Head404', 'HeadObject finds nothing; its answer has no body', 'downstream.not_found', { http_status: 404 }, async () => {
    const [client, sdk] = v3('s3', '/aws/NoSuchKey/404');
    await client.send(new sdk.HeadObjectCommand({ Bucket: 'orders', Key: '7.json' }));
});
scenario('v3S3Denied', 'S3 denies a write', 'downstream.auth', { service: 'S3', error_code: 'AccessDenied', http_status: 403 }, async () => {
    const [client, sdk] = v3('s3', '/aws/AccessDenied/403');
    await client.send(new sdk.PutObjectCommand({ Bucket: 'orders', Key: '7.json', Body: '{}' }));
});
scenario('v3S3SlowDown', 'S3 says SlowDown', 'downstream.throttled', { service: 'S3', error_code: 'SlowDown', http_status: 503 }, async () => {
    const [client, sdk] = v3('s3', '/aws/SlowDown/503');
    await client.send(new sdk.PutObjectCommand({ Bucket: 'orders', Key: '7.json', Body: '{}' }));
});
scenario('v3SqsThrottled', 'SQS throttles', 'downstream.throttled', { error_code: 'ThrottlingException' }, async () => {
    const [client, sdk] = v3('sqs', '/aws/ThrottlingException/400');
    await client.send(new sdk.SendMessageCommand({ QueueUrl: url('/1/q'), MessageBody: '{}' }));
});
scenario('v3SecretDenied', 'the secret may not be read', 'downstream.auth', { error_code: 'AccessDeniedException' }, async () => {
    const [client, sdk] = v3('secrets', '/aws/AccessDeniedException/400');
    await client.send(new sdk.GetSecretValueCommand({ SecretId: 'db' }));
});
scenario('v3SfnLimit', 'too many executions run', 'downstream.throttled', { error_code: 'ThrottlingException' }, async () => {
    const [client, sdk] = v3('sfn', '/aws/ThrottlingException/400');
    await client.send(new sdk.StartExecutionCommand({ stateMachineArn: 'arn:aws:states:eu-west-1:111122223333:stateMachine:pay', input: '{}' }));
});
const call = async (answer) => {
    const [client, sdk] = v3('lambda', answer);
    return client.send(new sdk.InvokeCommand({ FunctionName: 'pay', Payload: '{}' }));
};
scenario('v3LambdaThrottled', 'the called function has no free concurrency', ['throttling.reserved', 'throttling.unspecified'], {}, () => call('/aws/TooManyRequestsException/429'));
scenario('v3Lambda5xx', 'Lambda answers 500', 'service_error.internal', {}, () => call('/aws/ServiceException/500'));
scenario('v3LambdaKms', 'the environment of the called function cannot be decrypted', 'service_error.configuration', {}, () => call('/aws/KMSAccessDeniedException/502'));
scenario('v3LambdaMissing', 'the called function does not exist', 'invalid_request.not_found', {}, () => call('/aws/ResourceNotFoundException/404'));
scenario('v3LambdaDenied', 'the role may not call the function', 'invalid_request.access_denied', {}, () => call('/aws/AccessDeniedException/403'));
scenario('v3LambdaExpired', 'the credentials for a call of Lambda have expired; in text no word names Lambda', ['invalid_request.access_denied', 'downstream.auth'], {}, () => call('/aws/ExpiredTokenException/403'));
scenario('v3LambdaContent', 'the payload is not JSON', 'invalid_request.content', {}, () => call('/aws/InvalidRequestContentException/400'));
scenario('v3NoCredentials', 'no credentials are found', 'downstream.auth', { environment: { AWS_ACCESS_KEY_ID: '' } }, () => put('/aws/ok/200'));

// --- AWS SDK v2 ------------------------------------------------------------------------------------------------------

function v2(kind, answer, peer = 'web') {
    process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = '1';
    const sdk = require('aws-sdk');
    return new sdk[kind]({ endpoint: url(answer, peer), maxRetries: 0, httpOptions: { timeout: peer === 'hang' ? 400 : 8000, connectTimeout: 8000 }, s3ForcePathStyle: true });
}

scenario('v2DynamodbThrottled', 'SDK v2: DynamoDB throttles', 'downstream.throttled', { error_code: 'ProvisionedThroughputExceededException' },
    () => v2('DynamoDB', '/aws/ProvisionedThroughputExceededException/400').putItem({ TableName: 'orders', Item: item }).promise());
scenario('v2S3NoKey', 'SDK v2: the object does not exist', 'downstream.not_found', { error_code: 'NoSuchKey', http_status: 404 },
    () => v2('S3', '/aws/NoSuchKey/404').getObject({ Bucket: 'orders', Key: '7.json' }).promise());
scenario('v2DynamodbRefused', 'SDK v2: nobody listens', 'downstream.connection', { host: 'closed' },
    () => v2('DynamoDB', '/', 'closed').putItem({ TableName: 'orders', Item: item }).promise());
scenario('v2DynamodbTimeout', 'SDK v2: no answer in time', 'downstream.timeout', {},
    () => v2('DynamoDB', '/', 'hang').putItem({ TableName: 'orders', Item: item }).promise());
scenario('v2LambdaThrottled', 'SDK v2: the called function is throttled', ['throttling.reserved', 'throttling.unspecified'], {},
    () => v2('Lambda', '/aws/TooManyRequestsException/429').invoke({ FunctionName: 'pay', Payload: '{}' }).promise());

// --- HTTP clients ----------------------------------------------------------------------------------------------------

const axios = () => require('axios');
scenario('axiosRefused', 'axios meets a closed port', 'downstream.connection', { host: 'closed', error_code: 'ECONNREFUSED' }, () => axios().get(url('/x', 'closed')));
scenario('axios503', 'axios gets 503', 'downstream.unavailable', { http_status: 503, host: 'web', fixture: true }, () => axios().get(url('/status/503')));
scenario('axios429', 'axios gets 429', 'downstream.throttled', { http_status: 429 }, () => axios().post(url('/status/429'), { a: 1 }));
scenario('axios401', 'axios gets 401', 'downstream.auth', { http_status: 401 }, () => axios().get(url('/status/401')));
scenario('axios404', 'axios gets 404', 'downstream.not_found', { http_status: 404 }, () => axios().get(url('/status/404')));
scenario('axiosTimeout', 'the timeout of axios passes', 'downstream.timeout', {}, () => axios().get(url('/hang'), { timeout: 300 }));
scenario('axiosDns', 'axios asks for a name that nobody has', 'downstream.dns', { host: 'api.crm.invalid' }, () => axios().get('http://api.crm.invalid/x'));
scenario('axiosReset', 'the connection of axios is reset', 'downstream.connection', {}, () => axios().get(url('/x', 'reset')));
scenario('axiosTls', 'the certificate is signed by itself', 'downstream.tls', {}, () => axios().get(`https://${PEERS.tls}/x`));
scenario('axiosWrapped', 'an error of axios becomes the message of another', ['downstream.unavailable', 'runtime_exception.unhandled'], {}, async () => {
    try {
        await axios().get(url('/status/503'));
    } catch (error) {
        throw new Error(`could not load order 7: ${error.message}`, { cause: error });
    }
});
const got = async () => (await import('got')).default;
scenario('got503', 'got gets 503', 'downstream.unavailable', {}, async () => (await got())(url('/status/503'), { retry: { limit: 0 } }));
scenario('gotRefused', 'got meets a closed port', 'downstream.connection', { host: 'closed' }, async () => (await got())(url('/x', 'closed'), { retry: { limit: 0 } }));
scenario('gotTimeout', 'the timeout of got passes', 'downstream.timeout', {}, async () => (await got())(url('/hang'), { retry: { limit: 0 }, timeout: { request: 300 } }));
scenario('fetchRefused', 'fetch meets a closed port; the client does not print the cause', ['downstream.connection', 'downstream.error'], {}, () => fetch(url('/x', 'closed')));
scenario('fetchAborted', 'fetch is aborted by its signal', 'downstream.timeout', {}, () => fetch(url('/hang'), { signal: AbortSignal.timeout(300) }));
scenario('fetchTerminated', 'the body of an answer is cut', ['downstream.connection', 'downstream.error'], {}, async () => (await fetch(url('/cut'))).text());
scenario('undiciHeaders', 'undici waits for headers in vain', 'downstream.timeout', {}, () => require('undici').request(url('/hang'), { headersTimeout: 300 }));
scenario('nodeFetchRefused', 'node-fetch meets a closed port', 'downstream.connection', { host: 'closed' }, async () => (await import('node-fetch')).default(url('/x', 'closed')));
scenario('ky503', 'ky gets 503', 'downstream.unavailable', { http_status: 503 }, async () => (await import('ky')).default(url('/status/503'), { retry: 0 }).json());
scenario('httpHangUp', 'the peer hangs up on a request of node:http', 'downstream.connection', {}, () => new Promise((_, reject) => http.get(url('/reset')).on('error', reject)));
scenario('fetchHtml', 'a page of HTML comes where JSON was expected', ['runtime_exception.unhandled', 'downstream.error'], {}, async () => (await fetch(url('/html'))).json());
const openai = (place, more) => {
    const OpenAI = require('openai').default ?? require('openai');
    return new OpenAI({ apiKey: 'sk-x', baseURL: url(place), maxRetries: 0, ...more }).chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] });
};
scenario('openaiRateLimit', 'the rate limit of OpenAI', 'downstream.throttled', { http_status: 429 }, () => openai('/openai/429'));
scenario('openaiQuota', 'no credit left at OpenAI', 'downstream.billing', { http_status: 429 }, () => openai('/openai/402'));
scenario('openaiKey', 'a wrong key', 'downstream.auth', { http_status: 401 }, () => openai('/openai/401'));
scenario('openaiTimeout', 'the model does not answer in time', 'downstream.timeout', {}, () => openai('/hang', { timeout: 300 }));

// --- databases -------------------------------------------------------------------------------------------------------

const pg = async (peer, statement = 'select 1', more = {}) => {
    const { Client } = require('pg');
    const client = new Client({ host: '127.0.0.1', port: portOf(peer), user: 'orders', password: 'x', database: 'shop', ...more });
    client.on('error', () => {});
    await client.connect();
    return client.query(statement);
};
scenario('pgRefused', 'PostgreSQL is not there', ['downstream.connection', 'downstream.database'], { host: 'closed' }, () => pg('closed'));
scenario('pgPassword', 'PostgreSQL refuses the password', ['downstream.auth', 'downstream.database'], { fixture: true }, () => pg('pg_password'));
scenario('pgFull', 'PostgreSQL has no connection left', 'downstream.database', {}, () => pg('pg_full'));
scenario('pgMissingTable', 'the table does not exist', 'downstream.database', {}, () => pg('pg_missing'));
scenario('pgDuplicate', 'the row exists already', ['downstream.conflict', 'downstream.database'], {}, () => pg('pg_duplicate', 'insert into orders values (7)'));
scenario('pgDeadlock', 'PostgreSQL found a deadlock', ['downstream.contention', 'downstream.database'], {}, () => pg('pg_deadlock', 'update orders set paid = true'));
scenario('pgTimeout', 'PostgreSQL does not answer the greeting', ['downstream.timeout', 'downstream.database', 'downstream.connection'], {}, () => pg('hang', '', { connectionTimeoutMillis: 300 }));
scenario('pgPoolTimeout', 'the pool has no connection in time', ['downstream.timeout', 'downstream.database', 'downstream.connection'], {}, async () => {
    const { Pool } = require('pg');
    await new Pool({ host: '127.0.0.1', port: portOf('hang'), user: 'o', connectionTimeoutMillis: 300 }).query('select 1');
});
scenario('knexRefused', 'knex meets a closed port', ['downstream.connection', 'downstream.database'], {}, () => require('knex')({ client: 'pg', connection: { host: '127.0.0.1', port: portOf('closed') }, pool: { createRetryIntervalMillis: 50 }, acquireConnectionTimeout: 900 })('orders').select());
const my = (peer) => require('mysql2/promise').createConnection({ host: '127.0.0.1', port: portOf(peer), user: 'orders', password: 'x', database: 'shop', connectTimeout: 5000 });
scenario('mysqlRefused', 'MySQL is not there', ['downstream.connection', 'downstream.database'], {}, () => my('closed'));
scenario('mysqlFull', 'MySQL has no connection left', 'downstream.database', {}, () => my('mysql_full'));
scenario('mysqlPassword', 'MySQL refuses the password', ['downstream.auth', 'downstream.database'], {}, () => my('mysql_password'));
scenario('mysqlDuplicate', 'the row exists already', ['downstream.conflict', 'downstream.database'], {}, async () => (await my('mysql_duplicate')).query('insert into orders values (7)'));
scenario('mysqlDeadlock', 'MySQL found a deadlock', ['downstream.contention', 'downstream.database'], {}, async () => (await my('mysql_deadlock')).query('update orders set paid = 1'));
const redis = (peer, more) => {
    const Redis = require('ioredis').default ?? require('ioredis');
    const client = new Redis({ host: '127.0.0.1', port: portOf(peer), maxRetriesPerRequest: 1, retryStrategy: () => 20, connectTimeout: 5000, ...more });
    client.on('error', () => {});
    return client;
};
scenario('redisRefused', 'Redis is not there; ioredis only says how often it tried', ['downstream.connection', 'downstream.database'], {}, () => redis('closed').get('cart:7'));
scenario('redisNoauth', 'Redis wants a password', ['downstream.auth', 'downstream.database'], {}, () => redis('redis_noauth', { enableReadyCheck: false }).get('cart:7'));
scenario('redisReadonly', 'Redis has become a replica', ['downstream.database', 'downstream.unavailable'], {}, () => redis('redis_readonly').set('cart:7', '1'));
scenario('redisTimeout', 'Redis does not answer', ['downstream.timeout', 'downstream.database'], {}, () => redis('hang', { enableReadyCheck: false, commandTimeout: 300 }).get('cart:7'));
const mongoose = async (peer) => {
    const mongoose = require('mongoose');
    await mongoose.connect(`mongodb://${PEERS[peer]}/shop`, { serverSelectionTimeoutMS: 700 });
    const Order = mongoose.model('Order', new mongoose.Schema({ id: { type: String, required: true } }));
    return Order;
};
scenario('mongooseRefused', 'MongoDB is not there', ['downstream.database', 'downstream.connection'], {}, () => mongoose('closed'));
scenario('mongooseDuplicate', 'the document exists already', ['downstream.conflict', 'downstream.database'], {}, async () => {
    const mongo = require('mongoose').mongo;
    const client = await new mongo.MongoClient(`mongodb://${PEERS.mongo_duplicate}/`, { serverSelectionTimeoutMS: 9000 }).connect();
    await client.db('shop').collection('orders').insertOne({ _id: 7 });
});
scenario('mongooseValidation', 'mongoose refuses a document before it calls anything', 'runtime_exception.unhandled', { fixture: true }, () => {
    const mongoose = require('mongoose');
    const Order = mongoose.model('Order', new mongoose.Schema({ id: { type: String, required: true } }));
    return new Order({}).validate();
});

// --- the function's own faults ---------------------------------------------------------------------------------------

scenario('typeError', 'a property of undefined is read', 'runtime_exception.unhandled', { fixture: true }, async (event) => event.order.id);
scenario('throwsString', 'a string is thrown', 'runtime_exception.unhandled', {}, async () => {
    throw 'no such order';
});
scenario('throwsObject', 'an object that is no error is thrown', 'runtime_exception.unhandled', {}, async () => {
    throw { statusCode: 400, body: 'no' };
});
scenario('callbackError', 'the handler calls back with an error', 'runtime_exception.unhandled', {}, (event, context, callback) => {
    setTimeout(() => callback(new RangeError('row 7 is out of range')), 5);
});
scenario('customClass', 'an error of a class of its own, which has no name set', 'runtime_exception.unhandled', {}, async () => {
    class PaymentDeclined extends Error {}
    throw new PaymentDeclined('declined\nby the bank');
});
scenario('circularError', 'the error holds itself, so that it cannot be written as JSON', 'runtime_exception.unhandled', { fixture: true }, async () => {
    class PaymentDeclined extends Error {}
    const error = new PaymentDeclined('declined');
    error.self = error;
    throw error;
});
scenario('getterError', 'a property of the error throws when it is read', 'runtime_exception.unhandled', { fixture: true }, async () => {
    const error = new Error('declined');
    Object.defineProperty(error, 'secret', { enumerable: true, get() { throw new Error('no'); } });
    throw error;
});
scenario('aggregateError', 'all of several promises fail', 'runtime_exception.unhandled', {}, () => Promise.any([Promise.reject(new Error('a')), Promise.reject(new Error('b'))]));
scenario('zodError', 'zod refuses the event', 'runtime_exception.unhandled', { fixture: true }, async (event) => {
    const { z } = require('zod');
    z.object({ id: z.number(), amount: z.string() }).parse(event);
});
scenario('unhandledRejection', 'a promise that nobody awaits is rejected while the handler works', 'runtime_exception.unhandled_rejection', { fixture: true }, async () => {
    Promise.reject(new Error('in the background'));
    await sleep(200);
});
scenario('rejectedCall', 'a throttled call that nobody awaits', 'downstream.throttled', { error_code: 'ProvisionedThroughputExceededException', fixture: true }, async () => {
    put('/aws/ProvisionedThroughputExceededException/400');
    await sleep(3000);
});
scenario('uncaughtException', 'a timer throws while the handler works', 'runtime_exception.unhandled', { fixture: true }, async () => {
    setTimeout(() => { throw new TypeError('in a timer'); }, 5);
    await sleep(500);
});
scenario('streamError', 'a stream without a listener for errors fails', ['downstream.connection', 'runtime_exception.unhandled'], {}, async () => {
    require('node:net').connect(portOf('closed'), '127.0.0.1');
    await sleep(500);
});
scenario('neverSettles', 'the promise of the handler is never settled: this version of the client answers null', 'ok', {}, async () => new Promise(() => {}));
scenario('processExit', 'process.exit(0) in a handler', 'runtime_exception.exit', { fixture: true }, async () => {
    console.log('bye');
    process.exit(0);
});
scenario('processExit3', 'process.exit(3) in a handler, after an error was printed', 'runtime_exception.exit', {}, async () => {
    console.error('cannot go on');
    process.exit(3);
});
scenario('aborts', 'process.abort(), which prints nothing', ['runtime_exception.signal', 'runtime_exception.exit'], {}, async () => process.abort());
scenario('heapFull', 'the heap of V8 is full', 'out_of_memory.heap', { environment: { NODE_OPTIONS: '--max-old-space-size=40' }, fixture: true, timeout_s: 30 }, async () => {
    const kept = [];
    for (;;) kept.push(new Array(100_000).fill({}).map(() => ({})));
});
scenario('buffersFull', 'buffers use more memory than there is', 'out_of_memory.killed', { memory_mb: 192 }, async () => {
    const kept = [];
    for (;;) {
        kept.push(Buffer.alloc(8 << 20, 1));
        await sleep(5);
    }
});
scenario('stackOverflow', 'endless recursion', 'runtime_exception.unhandled', {}, async () => {
    const again = (n) => again(n + 1) + 1;
    return again(0);
});
scenario('bigint', 'a BigInt is returned', 'runtime_exception.response_format', {}, async () => ({ n: 7n }));
scenario('circularResult', 'a circular object is returned', 'runtime_exception.response_format', {}, async () => {
    const result = {};
    result.self = result;
    return result;
});
scenario('tooLarge', 'an answer of 7 MB', 'runtime_exception.response_too_large', {}, async () => 'x'.repeat(7_000_000));
scenario('diskFull', '/tmp is full', 'runtime_exception.disk_full', {}, async () => fs.writeFileSync('/dev/full', 'x'));
scenario('missingFile', 'a file of the function\'s own is missing', ['runtime_exception.unhandled', 'runtime_exception.package'], {}, async () => fs.readFileSync('/tmp/orders-that-never-were.csv'));
scenario('badEvent', 'the event is no JSON', 'runtime_exception.event_format', { raw_event: '{not json', }, async () => 1);
table.at(-1).code = ['runtime_exception.event_format', 'runtime_exception.unhandled'];
scenario('loggedThenThrown', 'the error is logged, then thrown', 'runtime_exception.unhandled', {}, async () => {
    const error = new Error('no such order');
    console.error('failed:', error);
    throw error;
});
scenario('sleeps', 'the handler takes too long', 'timeout.invoke', { timeout_s: 1 }, async () => {
    console.log('working');
    await sleep(5000);
});
scenario('hangsInCall', 'a call without a timeout never ends', 'timeout.invoke', { timeout_s: 2 }, async () => {
    console.log('GET', url('/hang'));
    await fetch(url('/hang'));
});
scenario('blocksTheLoop', 'the event loop is blocked', 'timeout.invoke', { timeout_s: 1 }, async () => {
    for (;;);
});
scenario('errorsThenTimeout', 'errors are logged, then the time is up', 'timeout.invoke', { timeout_s: 2 }, async () => {
    for (let row = 0; row < 3; row++) console.error('row failed', new Error('ECONNREFUSED'));
    await sleep(5000);
});

// --- environments that do not start ----------------------------------------------------------------------------------

source('import-missing', 'a package is missing', 'init_failure.import', "require('not-packaged');\nexports.handler = async () => 1;\n", { fixture: true });
source('import-missing-esm', 'a package of an ES module is missing', 'init_failure.import', "import 'not-packaged';\nexport const handler = async () => 1;\n", { extension: '.mjs' });
source('syntax-error', 'the module does not parse', 'init_failure.syntax', 'exports.handler = async () => {\n    return (1;\n};\n');
source('handler-missing', 'the module has no such function', 'init_failure.handler_not_found', 'exports.other = async () => 1;\n');
source('import-throws', 'the module throws while it is loaded', 'init_failure.exception', "const config = {};\nexports.url = config.api.url;\nexports.handler = async () => 1;\n");
source('import-exits', 'the module ends the process', 'init_failure.exit', "console.log('no configuration');\nprocess.exit(4);\n");
source('import-rejects', 'a promise is rejected while the module is loaded, and before the first event', ['init_failure.exception', 'runtime_exception.unhandled_rejection'], "Promise.reject(new Error('no database'));\nexports.handler = async () => 1;\n", { broken_late: true });
delete table.at(-1).broken_late;
source('import-esm-throws', 'top-level code of an ES module throws', 'init_failure.exception', "const config = {};\nexport const url = config.api.url;\nexport const handler = async () => 1;\n", { extension: '.mjs' });
source('import-slow', 'top-level await takes longer than an init may, and again in the request', ['timeout.init', 'init_failure.timeout'], "console.log('loading');\nawait new Promise((resolve) => setTimeout(resolve, 30_000));\nexport const handler = async () => 1;\n", { extension: '.mjs', slow_init: true, timeout_s: 1 });

// --- events that are tried again -------------------------------------------------------------------------------------

scenario('asyncLost', 'an asynchronous event fails three times', 'downstream.unavailable', { asynchronous: true, attempts: 3, outcome: 'exhausted' }, () => axios().get(url('/status/503')));
scenario('asyncRecovered', 'an asynchronous event succeeds at the third attempt', 'runtime_exception.unhandled', { asynchronous: true, attempts: 3, outcome: 'recovered', then: 'ok', fixture: true }, async (event) => {
    if (event.attempt < 3) throw new Error('not yet');
});
scenario('asyncExits', 'the process ends over the first attempt; the second succeeds', 'runtime_exception.exit', { asynchronous: true, attempts: 2, outcome: 'recovered', then: 'ok' }, async (event) => {
    if (event.attempt < 2) process.exit(1);
});
scenario('asyncRejected', 'a rejection ends the process, three times', 'runtime_exception.unhandled_rejection', { asynchronous: true, attempts: 3, outcome: 'exhausted' }, async () => {
    Promise.reject(new Error('in the background'));
    await sleep(200);
});
scenario('everySecondFails', 'four requests in one environment, every second one healthy', 'runtime_exception.unhandled',
    { events: [{ bad: true }, {}, { bad: true }, {}], codes_by_event: ['runtime_exception.unhandled', 'ok', 'runtime_exception.unhandled', 'ok'] },
    async (event) => {
        console.info('order', event);
        if (event.bad) throw new TypeError('bad order');
    });
scenario('uncaughtThenHealthy', 'an uncaught error ends the process; the next requests find a new one', 'runtime_exception.unhandled',
    { events: [{ bad: true }, {}, {}], codes_by_event: ['runtime_exception.unhandled', 'ok', 'ok'] },
    async (event) => {
        if (event.bad) setTimeout(() => { throw new Error('late'); }, 5);
        await sleep(50);
    });

// --- more clients ----------------------------------------------------------------------------------------------------

const grpc = (method, peer = 'grpc', deadline = 5000) => new Promise((resolve, reject) => {
    const { Client, credentials } = require('@grpc/grpc-js');
    const client = new Client(PEERS[peer], credentials.createInsecure());
    const same = (value) => value;
    client.makeUnaryRequest(`/shop.Stock/${method}`, same, same, Buffer.alloc(0), { deadline: Date.now() + deadline }, (error, value) => (error ? reject(error) : resolve(value)));
});
scenario('grpcRefused', 'gRPC finds nobody', ['downstream.connection', 'downstream.unavailable'], {}, () => grpc('Reserve', 'closed'));
scenario('grpcDeadline', 'the deadline of a gRPC call passes', 'downstream.timeout', {}, () => grpc('Hang', 'grpc', 300));
scenario('grpcDenied', 'gRPC status PERMISSION_DENIED', 'downstream.auth', {}, () => grpc('PERMISSION_DENIED'));
scenario('grpcNotFound', 'gRPC status NOT_FOUND', 'downstream.not_found', {}, () => grpc('NOT_FOUND'));
scenario('mailRefused', 'the mail server is not there', 'downstream.connection', { host: 'closed' }, () => require('nodemailer').createTransport({ host: '127.0.0.1', port: portOf('closed') }).sendMail({ from: 'a@example.com', to: 'b@example.com', text: 'x' }));
scenario('mailTimeout', 'the mail server does not greet', 'downstream.timeout', {}, () => require('nodemailer').createTransport({ host: '127.0.0.1', port: portOf('hang'), greetingTimeout: 300 }).sendMail({ from: 'a@example.com', to: 'b@example.com', text: 'x' }));
scenario('kafkaRefused', 'Kafka is not there', 'downstream.connection', {}, () => new (require('kafkajs').Kafka)({ brokers: [PEERS.closed], retry: { retries: 1, initialRetryTime: 50 } }).producer().connect());
scenario('sequelizeRefused', 'Sequelize meets a closed port', ['downstream.connection', 'downstream.database'], {}, () => new (require('sequelize').Sequelize)('shop', 'orders', 'x', { dialect: 'postgres', host: '127.0.0.1', port: portOf('closed'), logging: false }).authenticate());
scenario('sequelizePassword', 'Sequelize is refused for its password', ['downstream.auth', 'downstream.database'], {}, () => new (require('sequelize').Sequelize)('shop', 'orders', 'x', { dialect: 'mysql', host: '127.0.0.1', port: portOf('mysql_password'), logging: false }).authenticate());
const anthropic = (place, more) => {
    const Anthropic = require('@anthropic-ai/sdk').default;
    return new Anthropic({ apiKey: 'x', baseURL: url(place), maxRetries: 0, ...more }).messages.create({ model: 'claude-sonnet-4-5', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] });
};
scenario('anthropicRateLimit', 'the rate limit of Anthropic', 'downstream.throttled', { http_status: 429 }, () => anthropic('/anthropic/429'));
scenario('anthropicOverloaded', 'Anthropic is overloaded', 'downstream.unavailable', { http_status: 529 }, () => anthropic('/anthropic/529'));
scenario('anthropicTimeout', 'the model does not answer in time', 'downstream.timeout', {}, () => anthropic('/hang', { timeout: 300 }));
scenario('superagent503', 'superagent gets 503', 'downstream.unavailable', { http_status: 503 }, () => require('superagent').get(url('/status/503')).then((answer) => answer.body));
scenario('superagentRefused', 'superagent meets a closed port', 'downstream.connection', { host: 'closed' }, () => require('superagent').get(url('/x', 'closed')).then((answer) => answer.body));
scenario('graphql401', 'a GraphQL server refuses the token', 'downstream.auth', { http_status: 401 }, async () => (await import('graphql-request')).request(url('/status/401'), '{ order { id } }'));
const stripe = (place) => {
    const Stripe = require('stripe').default ?? require('stripe');
    return new Stripe('sk_test_x', { host: '127.0.0.1', port: portOf('web'), protocol: 'http', maxNetworkRetries: 0, ...place }).charges.create({ amount: 100, currency: 'eur' });
};
scenario('stripeRefused', 'nobody listens at the address of Stripe', 'downstream.connection', {}, () => stripe({ port: portOf('closed') }));
const nodeRedis = async (peer) => {
    const client = require('redis').createClient({ url: `redis://${PEERS[peer]}`, RESP: 2, socket: { reconnectStrategy: false, connectTimeout: 5000 } });
    client.on('error', () => {});
    await client.connect();
    return client.get('cart:7');
};
scenario('nodeRedisRefused', 'node-redis meets a closed port', ['downstream.connection', 'downstream.database'], {}, () => nodeRedis('closed'));
scenario('nodeRedisNoauth', 'node-redis is asked for a password', ['downstream.auth', 'downstream.database'], {}, () => nodeRedis('redis_noauth'));
scenario('amqpRefused', 'RabbitMQ is not there', 'downstream.connection', {}, () => require('amqplib').connect(`amqp://${PEERS.closed}`));
const elastic = (place, peer = 'web', more = {}) => {
    const { Client } = require('@elastic/elasticsearch');
    return new Client({ node: url(place, peer), maxRetries: 0, ...more }).search({ index: 'orders' });
};
scenario('elasticRefused', 'Elasticsearch is not there', 'downstream.connection', {}, () => elastic('', 'closed'));
scenario('elastic429', 'Elasticsearch refuses for its load', 'downstream.throttled', {}, () => elastic('/status/429'));
scenario('elasticTimeout', 'Elasticsearch does not answer in time', 'downstream.timeout', {}, () => elastic('/hang', 'web', { requestTimeout: 300 }));
scenario('statusByHand', 'the function itself throws for a bad status', ['runtime_exception.unhandled', 'downstream.unavailable'], {}, async () => {
    const answer = await fetch(url('/status/503'));
    if (!answer.ok) throw new Error(`orders service answered ${answer.status} ${answer.statusText}`);
});
scenario('sdkWrapped', 'an error of the SDK is the cause of another, which quotes it', ['downstream.throttled', 'runtime_exception.unhandled'], {}, async () => {
    try {
        await put('/aws/ThrottlingException/400');
    } catch (error) {
        throw new Error(`could not store order 7: ${error.name}: ${error.message}`, { cause: error });
    }
});
scenario('ownNotFound', 'an error of the function\'s own named NotFoundError, with a status', 'runtime_exception.unhandled', { fixture: true }, async () => {
    class NotFoundError extends Error {
        constructor(message) {
            super(message);
            this.name = 'NotFoundError';
        }
    }
    throw new NotFoundError('no such order');
});
scenario('ownTimeout', 'an error of the function\'s own that speaks of a timeout in its business', 'runtime_exception.unhandled', {}, async () => {
    throw new Error('the payment window of 15 minutes has timed out for cart 7');
});
scenario('ownToJson', 'an error with a toJSON of its own that keeps name and message', 'runtime_exception.unhandled', {}, async () => {
    class ApiError extends Error {
        toJSON() {
            return { name: 'ApiError', message: this.message, details: { order: 7 } };
        }
    }
    throw new ApiError('declined');
});
scenario('ownToJsonBare', 'an error with a toJSON of its own that keeps nothing', 'runtime_exception.unhandled', { also_json: ['ok'] }, async () => {
    class ApiError extends Error {
        toJSON() {
            return { order: 7 };
        }
    }
    throw new ApiError('declined');
});
scenario('throwsNothing', 'undefined is thrown', 'runtime_exception.unhandled', {}, async () => {
    throw undefined;
});
scenario('contextFail', 'context.fail of old', 'runtime_exception.unhandled', {}, (event, context) => {
    context.fail(new Error('no such order'));
});
scenario('emitterError', 'an emitter has no listener for its error', 'runtime_exception.unhandled', {}, async () => {
    setTimeout(() => new (require('node:events'))().emit('error', new Error('in an emitter')), 5);
    await sleep(300);
});
scenario('emitterObject', 'an emitter emits an error that is none', 'runtime_exception.unhandled', {}, async () => {
    setTimeout(() => new (require('node:events'))().emit('error', { order: 7 }), 5);
    await sleep(300);
});
scenario('workerUncaught', 'a worker thread throws, and nobody listens', 'runtime_exception.unhandled', {}, async () => {
    const { Worker } = require('node:worker_threads');
    new Worker("throw new Error('in a worker')", { eval: true, env: {} });
    await sleep(2000);
});
scenario('terminated', 'the process ends itself by SIGTERM', ['runtime_exception.signal', 'runtime_exception.exit'], {}, async () => {
    process.kill(process.pid, 'SIGTERM');
    await sleep(500);
});
scenario('dynamicImport', 'a package that is imported in the handler is missing', ['runtime_exception.package', 'runtime_exception.unhandled'], {}, () => import('not-packaged'));
scenario('jsonParse', 'the body of the event is no JSON', 'runtime_exception.unhandled', {}, async () => JSON.parse('<html>'));
scenario('assertFails', 'an assertion of node:assert fails', 'runtime_exception.unhandled', {}, async () => require('node:assert').deepStrictEqual({ paid: false }, { paid: true }));
scenario('longMessage', 'a message of 20 KB over many lines', 'runtime_exception.unhandled', {}, async () => {
    throw new Error(Array.from({ length: 500 }, (_, row) => `row ${row}: x is not a number`).join('\n'));
});

// --- healthy, and loud -----------------------------------------------------------------------------------------------

const answered = { statusCode: 200, body: '{}' };
scenario('quiet', 'nothing but an answer', 'ok', {}, async () => answered);
scenario('consoleErrorText', 'console.error with words and an error, then success', 'ok', { fixture: true }, async () => {
    console.error('could not enrich, going on', new TypeError('x is undefined'));
    return answered;
});
const asClient = { also_json: ['runtime_exception.unhandled'] };
scenario('consoleErrorAlone', 'console.error of an error alone, as the last line', 'ok', asClient, async () => {
    console.error(new Error('handled'));
    return answered;
});
scenario('consoleErrorThenMore', 'console.error of an error alone, and the function goes on', 'ok', { fixture: true }, async () => {
    console.error(new Error('handled'));
    console.log('used the default');
    return answered;
});
scenario('ownInvokeError', 'the function prints Invoke Error with an object', 'ok', { fixture: true }, async () => {
    console.error('Invoke Error', { errorType: 'Error', errorMessage: 'from the worker' });
    console.log('done');
    return answered;
});
scenario('printedStack', 'the stack is printed as a string', 'ok', {}, async () => {
    console.log(new Error('handled').stack);
    console.error(new Error('handled').stack);
    return answered;
});
scenario('stderrStack', 'a stack is written to stderr', 'ok', {}, async () => {
    process.stderr.write(new Error('handled').stack + '\n');
    return answered;
});
scenario('errorJson', 'an error is printed as JSON with errorType and stack', 'ok', { fixture: true }, async () => {
    console.log(JSON.stringify({ level: 'ERROR', errorType: 'Error', errorMessage: 'boom', stack: ['Error: boom', '    at x'] }));
    return answered;
});
scenario('quotedLog', 'lines of another function\'s log are printed', 'ok', { fixture: true }, async () => {
    console.log('REPORT RequestId: 7e3a4d2f-0000-4c70-9e10-1b2c3d4e5f60\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB\tStatus: timeout');
    process.stdout.write('2026-01-02T03:04:05.678Z 7e3a4d2f-0000-4c70-9e10-1b2c3d4e5f60 Task timed out after 3.00 seconds\n');
    return answered;
});
scenario('axiosFallback', 'axios fails, the error is logged with words, a default is used', 'ok', {}, async () => {
    await axios().get(url('/status/503')).catch((error) => console.error('using the cache:', error.message, error.code));
    return answered;
});
scenario('axiosErrorLogged', 'the whole error of axios is logged with words', 'ok', {}, async () => {
    await axios().get(url('/x', 'closed')).catch((error) => console.error('using the cache', error));
    return answered;
});
scenario('sdkRetried', 'the SDK is throttled twice and retries', 'ok', {}, async (event, context) => {
    await put(`/awsflaky/2/ThrottlingException/400/${context.awsRequestId}`, 'web', 4);
    return answered;
});
scenario('sdkCaught', 'a conditional write fails, as expected, and is logged', 'ok', { fixture: true }, async () => {
    await put('/aws/ConditionalCheckFailedException/400').catch((error) => console.warn('already there', error));
    return answered;
});
scenario('retriedFetch', 'fetch fails twice, each logged', 'ok', {}, async (event, context) => {
    for (let round = 0; round < 3; round++) {
        const answer = await fetch(url(`/flaky/2/503/${context.awsRequestId}`));
        if (answer.ok) break;
        console.error(`round ${round} failed: ${answer.status} ${answer.statusText}`);
    }
    return answered;
});
scenario('winstonJson', 'winston writes JSON with an error', 'ok', {}, async () => {
    const winston = require('winston');
    const log = winston.createLogger({ format: winston.format.combine(winston.format.errors({ stack: true }), winston.format.timestamp(), winston.format.json()), transports: [new winston.transports.Console()] });
    log.error(new Error('handled'));
    log.error('could not enrich', { errorType: 'TypeError', errorMessage: 'x is undefined' });
    return answered;
});
scenario('winstonText', 'winston writes text with a stack', 'ok', { fixture: true }, async () => {
    const winston = require('winston');
    const log = winston.createLogger({ format: winston.format.combine(winston.format.errors({ stack: true }), winston.format.printf((line) => `[${line.level.toUpperCase()}] ${line.message}\n${line.stack ?? ''}`)), transports: [new winston.transports.Console()] });
    log.error(new TypeError('handled'));
    return answered;
});
scenario('pinoError', 'pino writes an error', 'ok', { fixture: true }, async () => {
    const log = require('pino')({}, require('pino').destination({ sync: true }));
    log.error(new Error('handled'), 'could not enrich');
    log.fatal({ errorType: 'Error', errorMessage: 'x' }, 'fatal, but going on');
    return answered;
});
scenario('bunyanError', 'bunyan writes an error', 'ok', {}, async () => {
    require('bunyan').createLogger({ name: 'orders' }).error({ err: new Error('handled') }, 'could not enrich');
    return answered;
});
scenario('powertoolsError', 'Powertools logs an error', 'ok', {}, async () => {
    const { Logger } = require('@aws-lambda-powertools/logger');
    const log = new Logger({ serviceName: 'orders' });
    log.error('could not enrich', new Error('handled'));
    log.error('again', { error: new TypeError('x') });
    return answered;
});
scenario('powertoolsThrown', 'Powertools logs the error that is then thrown', 'runtime_exception.unhandled', {}, async () => {
    const { Logger } = require('@aws-lambda-powertools/logger');
    const error = new Error('no such order');
    new Logger({ serviceName: 'orders' }).error('failed', error);
    throw error;
});
const middy = async (inner, logger) => {
    const { default: middy } = await import('@middy/core');
    const { default: onError } = await import('@middy/http-error-handler');
    return middy().use(onError(logger === undefined ? {} : { logger })).handler(inner);
};
const web = { version: '2.0', rawPath: '/orders/7', requestContext: { http: { method: 'GET', path: '/orders/7' } }, headers: {} };
scenario('middy404', 'Middy answers 404, and logs the error as the client would', 'ok', { ...asClient, fixture: true }, async (event, context) => {
    const handler = await middy(async () => {
        const error = new Error('no such order');
        throw Object.assign(error, { statusCode: 404, expose: true });
    });
    return handler(web, context);
});
scenario('middy500', 'Middy answers 500 by its fallback message', 'ok', asClient, async (event, context) => {
    const { default: middy } = await import('@middy/core');
    const { default: onError } = await import('@middy/http-error-handler');
    const handler = middy().use(onError({ fallbackMessage: 'sorry' })).handler(async () => { throw new TypeError('x is undefined'); });
    return handler(web, context);
});
scenario('middyThrows', 'Middy has no handler for errors: the error reaches the client', 'runtime_exception.unhandled', {}, async (event, context) => {
    const { default: middy } = await import('@middy/core');
    return middy().handler(async () => { throw new TypeError('x is undefined'); })(web, context);
});
const express = (set) => async (event, context) => {
    const app = require('express')();
    set(app);
    return require('serverless-http')(app)({ ...web, httpMethod: 'GET', path: '/orders/7', requestContext: {} , version: '1.0' }, context);
};
scenario('expressDefault500', 'the default handler of Express logs the stack and answers 500', 'ok', asClient, express((app) => app.get('/orders/:id', () => { throw new TypeError('x is undefined'); })));
scenario('expressOwn500', 'a handler of errors logs with words and answers 500', 'ok', { fixture: true }, express((app) => {
    app.get('/orders/:id', async () => axios().get(url('/status/503')));
    app.use((error, request, response, next) => {
        console.error('request failed', request.path, error.message);
        response.status(500).json({ errorMessage: error.message, errorType: error.name });
    });
}));
scenario('express404', 'Express finds no route', 'ok', {}, express(() => {}));
scenario('swallowedRejection', 'a rejection is caught late: a warning of Node', 'ok', {}, async () => {
    process.emitWarning('Promise rejection was handled asynchronously', 'PromiseRejectionHandledWarning');
    process.emitWarning('The punycode module is deprecated', 'DeprecationWarning', 'DEP0040');
    await sleep(20);
    return answered;
});
scenario('workerDies', 'a worker thread throws; the handler logs it', 'ok', {}, async () => {
    const { Worker } = require('node:worker_threads');
    await new Promise((resolve) => new Worker("throw new Error('in a worker')", { eval: true, stderr: true }).on('error', (error) => {
        console.error('worker failed:', error.message);
        resolve();
    }));
    return answered;
});
scenario('childDies', 'a child process prints an uncaught error and ends with 1', 'ok', {}, async () => {
    const { spawnSync } = require('node:child_process');
    const child = spawnSync(process.execPath, ['-e', "throw new Error('in a child')"], { env: {}, stdio: ['ignore', 'inherit', 'inherit'] });
    console.log('child ended with', child.status);
    return answered;
});
scenario('pgFallback', 'the database is not there; the answer comes from elsewhere', 'ok', {}, async () => {
    await pg('closed').catch((error) => console.warn('using the file', error));
    return answered;
});
scenario('redisNoise', 'ioredis reports errors nobody listens to; the answer comes from elsewhere', 'ok', {}, async () => {
    const Redis = require('ioredis').default ?? require('ioredis');
    const client = new Redis({ host: '127.0.0.1', port: portOf('closed'), retryStrategy: (times) => (times > 2 ? null : 20), maxRetriesPerRequest: 1 });
    await client.get('cart:7').catch((error) => console.error('cache:', error.message));
    await sleep(100);
    return answered;
});
scenario('consoleTable', 'tables, traces, groups and assertions of the console', 'ok', {}, async () => {
    console.trace('where am I');
    console.assert(false, 'Error: not so');
    console.group('errors');
    console.table([{ error: 'ECONNREFUSED', count: 3 }]);
    console.groupEnd();
    return answered;
});
scenario('manyErrors', 'many lines of errors', 'ok', {}, async () => {
    for (let row = 0; row < 100; row++) console.error(`row ${row} skipped: TypeError: not a number`);
    return answered;
});
scenario('partialBatch', 'one record of a batch fails, and is reported as such', 'ok', {}, async () => {
    const failures = [];
    for (const body of ['good', 'bad']) {
        try {
            if (body === 'bad') throw new Error('bad record');
        } catch (error) {
            console.error('record failed', error);
            failures.push({ itemIdentifier: '1' });
        }
    }
    return { batchItemFailures: failures };
});
scenario('answers500', 'an API answers 500 with the error as its body', 'ok', {}, async () => ({ statusCode: 500, body: JSON.stringify({ errorType: 'TypeError', errorMessage: 'x', trace: [] }) }));
scenario('callbackOk', 'the handler calls back', 'ok', {}, (event, context, callback) => callback(null, answered));
scenario('lateWork', 'work goes on behind the answer, and logs an error', 'ok', {}, (event, context, callback) => {
    context.callbackWaitsForEmptyEventLoop = false;
    setTimeout(() => console.error('late:', new Error('after the answer')), 0);
    callback(null, answered);
});
scenario('zodSafe', 'zod refuses, and the function answers 400', 'ok', {}, async (event) => {
    const { z } = require('zod');
    const result = z.object({ id: z.number() }).safeParse(event);
    console.warn('invalid', result.error?.issues);
    return { statusCode: 400 };
});
scenario('emf', 'metrics named Errors in the embedded format', 'ok', {}, async () => {
    console.log(JSON.stringify({ _aws: { Timestamp: Date.now(), CloudWatchMetrics: [{ Namespace: 'shop', Dimensions: [[]], Metrics: [{ Name: 'Errors', Unit: 'Count' }] }] }, Errors: 1, Timeouts: 2 }));
    return answered;
});

scenario('warnErrorAlone', 'console.warn and console.info of an error alone', 'ok', {}, async () => {
    console.info(new Error('handled'));
    console.warn(new TypeError('handled'));
    return answered;
});
scenario('ownUncaughtWords', 'the function prints the words of the client for uncaught errors', 'ok', {}, async () => {
    console.error('Uncaught Exception', new Error('in a plugin'));
    console.error('Unhandled Promise Rejection', { reason: 'in a plugin' });
    return answered;
});
scenario('errorAsJsonString', 'console.error of an error as a JSON string', 'ok', {}, async () => {
    console.error(JSON.stringify({ errorType: 'TypeError', errorMessage: 'x is undefined', stack: ['TypeError: x is undefined', '    at f (/var/task/x.js:1:1)'] }));
    return answered;
});
scenario('aggregateLogged', 'an AggregateError is logged with words', 'ok', {}, async () => {
    await Promise.any([Promise.reject(new Error('a')), Promise.reject(new Error('b'))]).catch((error) => console.error('none answered', error));
    return answered;
});
scenario('formatted', 'console.error with a format, an error inside', 'ok', {}, async () => {
    console.error('%s failed: %o', 'enrichment', new Error('handled'));
    return answered;
});
scenario('grpcFallback', 'gRPC finds nobody; logged, then a default', 'ok', {}, async () => {
    await grpc('Reserve', 'closed').catch((error) => console.error('stock unknown', error));
    return answered;
});
scenario('kafkaNoise', 'kafkajs logs JSON lines of level ERROR while it retries; the function goes on', 'ok', {}, async () => {
    const producer = new (require('kafkajs').Kafka)({ brokers: [PEERS.closed], retry: { retries: 2, initialRetryTime: 30 } }).producer();
    await producer.connect().catch((error) => console.error('no event sent:', error.message));
    return answered;
});
scenario('stepFunctionsCause', 'the cause of a failed execution is printed', 'ok', {}, async () => {
    console.error('execution failed', JSON.stringify({ errorMessage: '2026-01-02T03:04:05.678Z 7e3a4d2f-0000-4c70-9e10-1b2c3d4e5f60 Task timed out after 3.00 seconds' }));
    return answered;
});
scenario('crashWords', 'words of crashes are printed', 'ok', {}, async () => {
    process.stdout.write('FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n');
    process.stdout.write('RequestId: 7e3a4d2f-0000-4c70-9e10-1b2c3d4e5f60 Error: Runtime exited with error: exit status 1\n');
    console.log('so said the child of yesterday');
    return answered;
});

if (process.argv[2] === '--list') {
    for (const [file, text] of Object.entries(sources)) fs.writeFileSync(path.join(process.argv[3], file), text);
    process.stdout.write(JSON.stringify(table));
}
