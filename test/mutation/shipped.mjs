/** Only what ships is changed: a planted bug, which the build takes out, and what hangs on it are left alone. */
import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin'

const isPlanted = (node) => node?.type === 'MemberExpression' && node.object.type === 'Identifier' && node.object.name === 'planted'

/** An expression that is nothing but a switch in what ships. */
const isSwitch = (node) =>
  isPlanted(node) ||
  (node?.type === 'UnaryExpression' && isSwitch(node.argument)) ||
  (node?.type === 'BinaryExpression' && isSwitch(node.left)) ||
  (node?.type === 'LogicalExpression' && node.operator === '&&' && (isSwitch(node.left) || isSwitch(node.right)))

/** What happens only with the bug planted. */
const isBug = ({ node, key, parent }) =>
  (key === 'consequent' && isSwitch(parent?.test)) || (node.type === 'FunctionDeclaration' && node.id?.name === 'commitApart')

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'shipped', {
    shouldIgnore: (path) => (isSwitch(path.node) || isBug(path) ? 'a planted bug' : undefined),
  }),
]
