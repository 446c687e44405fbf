// SPDX-License-Identifier: GPL-3.0-or-later
// A JWS as an office's own web software would verify it: by the npm library jose, with the
// certificate that the signature carries, which must be of the CA given.
//
// usage: node verify-jws.js ISSUER.pem SIGNATURE.jws [PAYLOAD]
//
// Prints {"alg", "payload" in base64}; ends with 1 where it does not verify.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const jose = require('jose');

async function main([issuerPath, signaturePath, payloadPath]) {
    const compact = fs.readFileSync(signaturePath, 'ascii').trim();
    const header = jose.decodeProtectedHeader(compact);
    const leaf = new crypto.X509Certificate(Buffer.from(header.x5c[0], 'base64'));
    const issuer = new crypto.X509Certificate(fs.readFileSync(issuerPath));
    if (!leaf.checkIssued(issuer) || !leaf.verify(issuer.publicKey))
        throw new Error('the certificate is not of this CA');
    const thumbprint = crypto.createHash('sha256').update(leaf.raw).digest('base64url');
    if (header['x5t#S256'] !== thumbprint)
        throw new Error('x5t#S256 names another certificate');
    const parts = compact.split('.');
    const jws = {
        protected: parts[0],
        payload: payloadPath ? fs.readFileSync(payloadPath).toString('base64url') : parts[1],
        signature: parts[2],
    };
    if (parts.length !== 3)
        throw new Error('not three parts');
    const { payload } = await jose.flattenedVerify(jws, leaf.publicKey, { algorithms: [header.alg] });
    console.log(JSON.stringify({ alg: header.alg, payload: Buffer.from(payload).toString('base64') }));
}

main(process.argv.slice(2)).catch((error) => {
    console.error(`${error.code || error.name}: ${error.message}`);
    process.exit(1);
});
