// Forms of posts: wordings to start from, with the names of what is affected in them. What somebody typed is never replaced
// unasked; what was filled in follows what is chosen.

for (const starts of document.querySelectorAll('[data-starts]')) {
  const form = starts.form
  const { title, body, status } = form.elements
  // What stands in a field because it was filled in here, and what it was made of.
  const filled = new Map()
  const isOurs = (field) => !field.value || field.value === filled.get(field)?.text

  const names = () => {
    const affected = [...form.querySelectorAll('[data-component]')].filter((one) => one.value).map((one) => one.dataset.name)
    const said = affected.slice(0, 3)
    if (affected.length > 3) said.push(`${affected.length - 3} ${starts.dataset.more}`)
    if (!said.length) return starts.dataset.unnamed
    return new Intl.ListFormat(starts.dataset.language, { type: 'conjunction' }).format(said)
  }
  const fill = (field, wording) => {
    field.value = wording.replace('{names}', names)
    filled.set(field, { wording, text: field.value })
  }

  starts.addEventListener('change', () => {
    const chosen = starts.selectedOptions[0]
    if (!chosen.dataset.text) return
    if (!isOurs(body) && !confirm('Replace the words that are there?')) return
    fill(body, chosen.dataset.text)
    // What is told afterwards is over, whatever it says.
    if (!form.elements.resolved_at) status.value = chosen.value
  })
  form.addEventListener('change', (event) => {
    if (!event.target.dataset.component) return
    if (title?.dataset.text && isOurs(title)) fill(title, title.dataset.text)
    const known = filled.get(body)
    if (known && isOurs(body)) fill(body, known.wording)
  })
}

// The living part is newer than the forms below it. Those that say something more are sent over what is shown, and whoever
// types is told; where a matter stands is what it is now, unless they choose it again: nothing is opened again by accident.
const live = document.getElementById('live')
const head = () => live.querySelector('[data-version]')
if (live && head()) {
  let known = head().dataset.version
  new MutationObserver(() => {
    const { version, stands } = head().dataset
    if (version === known) return
    known = version
    for (const form of document.querySelectorAll('form[data-follows]')) {
      form.dataset.etag = `"${version}"`
      const { status, body } = form.elements
      if (!body) continue
      let then = ''
      if (status && stands && status.value !== stands) {
        for (const option of status.options) option.defaultSelected = option.selected = option.value === stands
        then = ` Yours now says “${status.selectedOptions[0]?.textContent}”; choose again if you mean another.`
      }
      let words = form.querySelector('.meanwhile')
      if (!words) {
        words = document.createElement('p')
        words.className = 'hint meanwhile'
        words.setAttribute('role', 'status')
        form.querySelector('button.primary, button.danger').before(words)
      }
      words.textContent = `Something was said or changed since you opened this: see above.${then}`
    }
  }).observe(live, { childList: true })
}
