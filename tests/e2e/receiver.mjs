// SPDX-License-Identifier: LGPL-2.1-or-later
//
// receiver.mjs DIR PORT [TLS-PORT] - who gets our webhooks. Judges each by the reference package of the
// Standard Webhooks specification and by nothing of ours, and appends it to DIR/heard as one line of JSON.
//
// DIR/secret    whsec_…, the secret that was agreed on
// DIR/tls.crt, DIR/tls.key
// DIR/mode      how it answers, read anew each time: a status ("200", "500"), "429 SECONDS" (Retry-After),
//               "301 URL", "slow SECONDS", "hang" (never), "drop" (closes), "endless" (200 without an end)

import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import path from 'node:path';

const { Webhook } = createRequire(path.join(process.env.PAM_JIT_NODE, 'package.json'))('standardwebhooks');
const [dir, port, tlsPort] = process.argv.slice(2);
const at = (name) => path.join(dir, name);
const hook = new Webhook(fs.readFileSync(at('secret'), 'utf8').trim());

function mode() {
    try {
        return fs.readFileSync(at('mode'), 'utf8').trim().split(/\s+/);
    } catch {
        return ['200'];
    }
}

// What it is, and whether it is genuine.
function judge(request, text) {
    const heard = {
        at: Date.now(), method: request.method, path: request.url, headers: request.headers,
        id: request.headers['webhook-id'], genuine: false, text,
    };
    try {
        hook.verify(text, request.headers);
        heard.genuine = true;
    } catch (e) {
        heard.why = String(e);
    }
    try {
        heard.body = JSON.parse(text);
    } catch {
        heard.body = null;
    }
    return heard;
}

function answer(response, how, argument) {
    const headers = { 'Content-Type': 'text/plain' };
    switch (how) {
    case 'hang':
        return;
    case 'drop':
        response.socket.destroy();
        return;
    case 'slow':
        setTimeout(() => response.writeHead(200, headers).end('ok\n'), Number(argument) * 1000);
        return;
    case 'endless': {
        const more = () => {
            while (response.writable && response.write('x'.repeat(16384))) {
                // until its buffer is full
            }
        };
        response.on('drain', more).on('error', () => {}).writeHead(200, headers);
        more();
        return;
    }
    default:
        if (how === '429') {
            headers['Retry-After'] = argument;
        } else if (how.startsWith('3')) {
            headers.Location = argument;
        }
        response.writeHead(Number(how), headers).end('so it is\n');
    }
}

function serve(request, response) {
    const parts = [];
    request.on('data', (part) => parts.push(part)).on('error', () => {});
    request.on('end', () => {
        const [how, argument] = mode();
        const heard = { answer: how, ...judge(request, Buffer.concat(parts).toString('utf8')) };
        fs.appendFileSync(at('heard'), JSON.stringify(heard) + '\n');
        answer(response, how, argument);
    });
}

http.createServer(serve).listen(Number(port), '127.0.0.1', () => fs.writeFileSync(at('listening'), ''));
if (tlsPort) {
    https.createServer({ cert: fs.readFileSync(at('tls.crt')), key: fs.readFileSync(at('tls.key')) }, serve)
        .listen(Number(tlsPort), '127.0.0.1');
}
