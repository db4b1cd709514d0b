"""axe must find what is there to be found."""

from browser.axe import violations


def test_a_picture_without_words_is_found(page):
    page.set_content("<main><h1>a</h1><img id='bad' src='data:,'></main>")
    assert any(found.startswith("image-alt") for found in violations(page, page.locator("#bad")))


def test_a_fault_inside_a_shadow_root_is_found(page):
    page.set_content("<main id='host'></main>")
    page.evaluate(
        "document.getElementById('host').attachShadow({mode: 'open'}).innerHTML ="
        " '<button></button>'"
    )
    inside = page.locator("#host button")
    assert any(found.startswith("button-name") for found in violations(page, inside))


def test_a_good_page_is_let_pass(page):
    page.set_content("<html lang='en'><title>t</title><main><h1>a</h1>text</main>")
    assert violations(page) == []
