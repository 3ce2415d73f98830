// Times as people write them: what clocks of a zone show, made an instant, and told beside the field wherever that is not plain.

// When clocks of a zone show this: once, as a rule; twice when they are set back, and never what they skip when they are set
// forward. What they skip is as far behind.
function instants(wall, zone) {
  const parts = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' })
  const ahead = (ms) => {
    const at = Object.fromEntries(parts.formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
    return Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute) - Math.floor(ms / 60000) * 60000
  }
  const asUtc = Date.parse(`${wall}Z`)
  // With the distance of the day before, then that of the day after.
  const tried = [-86400000, 86400000].map((day) => asUtc - ahead(asUtc + day))
  const fits = [...new Set(tried.filter((ms) => ms + ahead(ms) === asUtc))]
  return { fits, ms: fits[0] ?? tried[0] }
}

// The instant at which clocks of a zone show this. Of two, the first.
export function instant(wall, zone) {
  return new Date(instants(wall, zone).ms).toISOString()
}

function told(wall, zone) {
  const { fits, ms } = instants(wall, zone)
  const utc = `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  if (!fits.length) return { fault: `Clocks in ${zone} are set forward then, and never show this time. Choose another.` }
  if (fits.length > 1) return { words: `Clocks in ${zone} are set back then, and show this twice: the first time is meant, ${utc}.` }
  return { words: zone === 'UTC' ? '' : utc }
}

function tell(field) {
  const wall = field.value
  const { fault = '', words = '' } = wall ? told(wall, field.dataset.zone) : {}
  field.setCustomValidity(fault)
  let hint = field.parentElement.querySelector('.instant')
  if (!hint) {
    hint = document.createElement('span')
    hint.className = 'hint instant'
    hint.setAttribute('role', 'status')
    field.after(hint)
  }
  hint.textContent = fault || words
}

for (const field of document.querySelectorAll('[data-type=moment]')) {
  field.addEventListener('input', () => tell(field))
  if (field.value) tell(field)
}
