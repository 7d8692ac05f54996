/** The command `chatloom`: a server for this machine, and questions to any other. */
import { audit } from './audit.js'
import { conformance } from './conformance.js'

const [command, ...args] = process.argv.slice(2)
if (command === 'conformance') process.exitCode = await conformance(args)
else if (command === 'audit') process.exitCode = audit(args)
else await import('../server/cli.js')
