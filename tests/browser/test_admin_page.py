"""Who sees and does what: for admins, nobody else."""

from __future__ import annotations

import re

from playwright.sync_api import expect


def test_an_admin_sees_users_teams_rules_and_stages(page_as):
    page = page_as("admin", "/admin")
    expect(page.locator("h1")).to_have_text("Administration")
    expect(page.locator(".tabulator").first).to_contain_text("Alexandrie Navarro")
    expect(page.locator(".tree")).to_contain_text("Sylvie Torres")
    expect(page.locator(".rules")).to_contain_text("une opportunité perdue demande un motif")
    expect(page.get_by_text("Négociation")).to_be_visible()


def test_nobody_else_does(page_as):
    page = page_as("director", "/overview")
    expect(page.get_by_role("link", name=re.compile("Administration"))).to_have_count(0)
    page = page_as("director", "/admin")
    expect(page.get_by_role("status")).to_contain_text("Cette page ne vous est pas ouverte")
    assert "Sylvie Torres" not in page.content()
