from noukai import InvalidInputError, Noukai

with Noukai(api_key="nk_local_acme", org="acme", project="billing") as client:
    invoice = client.flow("invoice")
    job = invoice.job(parameters={"lines": [{"article": "nut", "pieces": 3, "price": 0.5}]})
    assert job.wait(timeout_ms=60_000).output == {"total": 1.5, "currency": "EUR"}
    try:
        invoice.job(parameters={"lines": [{"article": "nut", "pieces": 0, "price": 0.5}]})
    except InvalidInputError as error:
        print(error.errors)
