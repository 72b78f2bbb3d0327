// SPDX-License-Identifier: LGPL-2.1-or-later
//
// forward.mjs SOCKET - a free port of 127.0.0.1 that leads to a Unix socket. Says the port on standard
// output, and ends when standard input does. The socket may come and go meanwhile.

import net from 'node:net';

const path = process.argv[2];
const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const inner = net.connect({ path, allowHalfOpen: true });
    for (const [from, to] of [[client, inner], [inner, client]]) {
        from.pipe(to);
        from.on('error', () => { client.destroy(); inner.destroy(); });
        from.on('close', () => to.destroySoon());
    }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume().on('end', () => process.exit(0)).on('error', () => process.exit(0));
