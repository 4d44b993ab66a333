#!/usr/bin/env node
/**
 * For the health check of a container: exit code 0 when the service in it is alive, over TLS where it has a certificate. Whose
 * name is in that does not matter on this side of the network.
 */
import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import process from 'node:process';

const isSecure = (process.env.TLS_CERT_FILE || '') !== '';
const where = { host: '127.0.0.1', port: process.env.PORT || 8080, path: '/health/live', timeout: 2_500 };
const onAnswer = (answer) => process.exit(answer.statusCode === 200 ? 0 : 1);

const asked = isSecure ? getSecure({ ...where, rejectUnauthorized: false }, onAnswer) : getPlain(where, onAnswer);
asked.on('timeout', () => process.exit(1));
asked.on('error', () => process.exit(1));
